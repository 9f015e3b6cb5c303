//! What is worked out of an object once, however many rules ask.
//!
//! What an object keeps follows from the object alone, and what a subject keeps from that and its surroundings; parameters of rules
//! are in neither. Whoever keeps something has a type of its own for it.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Values by their type and the number of the pod template that they are about. A copy knows nothing.
#[derive(Default)]
pub struct Once {
    known: Mutex<Vec<Known>>,
}

/// The type, the number of the pod template, the value.
type Known = (TypeId, usize, Arc<dyn Any + Send + Sync>);

impl Once {
    /// The value of this type, made at the first question. Two threads that ask at once may both make it.
    pub fn get<T: Send + Sync + 'static>(&self, template: usize, make: impl FnOnce() -> T) -> Arc<T> {
        let key = (TypeId::of::<T>(), template);
        let known = || {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.iter().find(|it| (it.0, it.1) == key).and_then(|it| it.2.clone().downcast::<T>().ok())
        };
        known().unwrap_or_else(|| {
            let made = Arc::new(make());
            let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((key.0, key.1, made.clone()));
            made
        })
    }
}

impl Clone for Once {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(PartialEq, Debug)]
    struct Length(usize);

    #[test]
    fn a_value_is_made_once_for_each_template_and_anew_for_a_copy() {
        let (once, mut made) = (Once::default(), 0);
        let mut ask = |once: &Once, template| {
            let value = once.get(template, || {
                made += 1;
                Length(made)
            });
            value.0
        };
        let found = [ask(&once, 0), ask(&once, 0), ask(&once, 1), ask(&once, 0), ask(&once.clone(), 0)];
        assert_eq!(found, [1, 1, 2, 1, 3]);
    }
}
