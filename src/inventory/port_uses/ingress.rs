//! The objects that lead callers from outside to Services, and may name a port by its name.
//!
//! Sources: <https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/>,
//! <https://docs.openshift.com/container-platform/latest/rest_api/network_apis/route-route-openshift-io-v1.html>,
//! <https://doc.traefik.io/traefik/routing/providers/kubernetes-crd/>.

use crate::inventory::port_uses::field::Field;
use crate::inventory::port_uses::{PortKey, PortUse, Whom};

/// The backends of an Ingress, in its present form and in those before Kubernetes 1.22.
pub fn of_ingress(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let defaults = ["spec.defaultBackend", "spec.backend"].into_iter().filter_map(|dotted| root.at(dotted));
    let rules: Vec<Field<'_>> = root.items("spec.rules").collect();
    let paths = rules.iter().flat_map(|rule| rule.items("http.paths")).filter_map(|path| path.get("backend"));
    defaults.chain(paths).filter_map(|backend| of_backend(&backend, namespace)).collect()
}

fn of_backend(backend: &Field<'_>, namespace: &str) -> Option<PortUse> {
    let (name, port) = match backend.get("service") {
        Some(service) => {
            let port = ["port.name", "port.number"].into_iter().find_map(|dotted| service.at(dotted))?;
            (service.text("name")?, port)
        }
        None => (backend.text("serviceName")?, backend.get("servicePort")?),
    };
    Some(PortUse::new(Whom::named(namespace, name), PortKey::of(port.value)?, port.path))
}

/// The targets of a Route of OpenShift: its port, where it is a name, is that of the Service.
pub fn of_openshift_route(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let Some(port) = root.at("spec.port.targetPort") else { return Vec::new() };
    let Some(key @ PortKey::Name(_)) = PortKey::of(port.value) else { return Vec::new() };
    let targets = root.at("spec.to").into_iter().chain(root.items("spec.alternateBackends"));
    let names = targets.filter(|it| it.text("kind").is_none_or(|kind| kind == "Service"));
    let uses = names.filter_map(|target| {
        Some(PortUse::new(Whom::named(namespace, target.text("name")?), key.clone(), port.path.clone()))
    });
    uses.collect()
}

/// The Services of Traefik's own routes, and those that its services share work among.
pub fn of_traefik(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let routes: Vec<Field<'_>> = root.items("spec.routes").collect();
    let of_routes = routes.iter().flat_map(|route| route.items("services"));
    let shared = root.items("spec.weighted.services").chain(root.items("spec.mirroring.mirrors"));
    let services = of_routes.chain(shared).chain(root.at("spec.mirroring"));
    let uses = services.filter_map(|service| {
        let is_service = service.text("kind").is_none_or(|kind| kind == "Service");
        let name = service.text("name").filter(|_| is_service)?;
        let port = service.get("port")?;
        let service = Whom::named(service.text("namespace").unwrap_or(namespace), name);
        Some(PortUse::new(service, PortKey::of(port.value)?, port.path))
    });
    uses.collect()
}
