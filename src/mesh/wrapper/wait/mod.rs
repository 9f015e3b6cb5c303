//! Does a command wait for the pod's own proxy before it goes on, for how long, and how well?

pub(in crate::mesh::wrapper) mod condition;
pub(in crate::mesh::wrapper) mod exit_code;
pub(in crate::mesh::wrapper) mod leaving;
pub(in crate::mesh::wrapper) mod local_proxy;
pub(in crate::mesh::wrapper) mod repeating;
pub(in crate::mesh::wrapper) mod script_wait;
pub(in crate::mesh::wrapper) mod side_car;
pub(in crate::mesh::wrapper) mod status;
pub(in crate::mesh::wrapper) mod wait_only;
pub(in crate::mesh::wrapper) mod weakness;
