//! A value for each container of a pod.

use crate::manifest::{Container, PodTemplate, Role};

/// A value for each container of a pod, found by the place of the container in its list.
#[derive(Debug)]
pub struct ByContainer<T> {
    containers: Vec<Option<T>>,
    init_containers: Vec<Option<T>>,
}

impl<T> ByContainer<T> {
    /// What is made of each container.
    pub fn of<'a>(pod: &PodTemplate<'a>, mut make: impl FnMut(&Container<'a>) -> T) -> Self {
        let mut made = Self { containers: Vec::new(), init_containers: Vec::new() };
        for container in pod.all_containers() {
            let list = made.list_mut(container.role());
            list.resize_with(container.index(), || None);
            list.push(Some(make(&container)));
        }
        made
    }

    /// That of a container of the pod.
    pub fn get(&self, container: &Container<'_>) -> Option<&T> {
        let list = if container.role() == Role::Regular { &self.containers } else { &self.init_containers };
        list.get(container.index()).and_then(Option::as_ref)
    }

    fn list_mut(&mut self, role: Role) -> &mut Vec<Option<T>> {
        if role == Role::Regular { &mut self.containers } else { &mut self.init_containers }
    }
}
