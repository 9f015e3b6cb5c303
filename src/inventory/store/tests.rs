use super::*;
use serde_json::json;

fn service(name: &str, app: &str) -> Arc<Object> {
    let metadata = json!({"name": name, "namespace": "shop"});
    let value =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {"app": app}}});
    Arc::new(Object::from_json(value).unwrap())
}

fn selecting(inventory: &Inventory, app: &str) -> Vec<String> {
    let services = inventory.services_selecting("shop", &[("app", app)], "");
    services.into_iter().map(|service| service.reference.name.clone()).collect()
}

#[test]
fn an_object_of_the_cluster_is_replaced_and_removed_alone() {
    let mut inventory = Inventory::new(Origin::Cluster);
    for (name, app) in [("a", "web"), ("b", "web"), ("c", "web"), ("a", "pay")] {
        inventory.set(&service(name, app));
    }
    inventory.remove(service("b", "").reference());
    assert_eq!((selecting(&inventory, "web"), selecting(&inventory, "pay")), (vec!["c".into()], vec!["a".into()]));
    inventory.remove(service("c", "").reference());
    assert_eq!((selecting(&inventory, "web"), selecting(&inventory, "pay")), (vec![], vec!["a".into()]));
}

#[test]
fn absence_means_something_where_the_kind_was_listed() {
    let mut inventory = Inventory::new(Origin::Cluster);
    assert!(inventory.services_known("shop") && inventory.service_accounts_known());
    inventory.set_listed("Service", false);
    assert!(!inventory.services_known("shop") && inventory.service_accounts_known());
    inventory.set_listed("Service", true);
    assert!(inventory.services_known("shop"));
}

#[test]
fn kinds_of_other_groups_do_not_take_the_place_of_core_ones() {
    let mut inventory = Inventory::new(Origin::Cluster);
    let mut knative = service("a", "web").value().clone();
    knative["apiVersion"] = json!("serving.knative.dev/v1");
    let knative = Arc::new(Object::from_json(knative).unwrap());
    inventory.set(&service("a", "web"));
    inventory.set(&knative);
    inventory.remove(knative.reference());
    assert_eq!(selecting(&inventory, "web"), ["a"]);
}
