//! Our own operators in tract's graph: one [`Step`] is one node.

use kernels::chain::Link;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

/// The computation of a node, for inputs of known sizes.
pub(super) trait Step: Debug + Send + Sync {
    /// The operator's name.
    fn name(&self) -> &'static str;

    /// Data type and shape of each output.
    fn outputs(&self) -> Vec<(DatumType, Vec<usize>)>;

    /// Whether the step can be a link of a chain.
    fn is_link(&self) -> bool {
        false
    }

    /// The step as a link of a chain.
    fn link(&self) -> Option<Link> {
        None
    }

    /// Computes the outputs from the inputs. The outputs have the types and shapes of [`Step::outputs`].
    fn run(&self, inputs: &[TValue], outputs: &mut [&mut Tensor]) -> TractResult<()>;
}

/// A step as a tract operator.
#[derive(Clone)]
pub(super) struct Layer {
    step: Arc<dyn Step>,
    memory: Memory,
}

/// A pool of output tensors, which are reused when nothing reads them any more: allocating memory takes as long as a
/// small layer. Clones share the pool.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Vec<Arc<Tensor>>>>);

impl Memory {
    /// Takes a tensor that is not shared. Its values are unspecified.
    fn take(&self, numbers: DatumType, shape: &[usize]) -> TractResult<Arc<Tensor>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |tensor: &Arc<Tensor>| {
            Arc::strong_count(tensor) == 1 && tensor.datum_type() == numbers && tensor.shape() == shape
        };
        if let Some(place) = kept.iter().position(fits) {
            return Ok(kept.swap_remove(place));
        }
        Ok(Arc::new(Tensor::zero_aligned_dt(numbers, shape, ALIGNMENT)?))
    }

    /// Returns tensors to the pool.
    fn keep(&self, tensors: &[Arc<Tensor>]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.extend(tensors.iter().cloned());
        }
    }
}

/// The most tensors in the pool: more than any of the networks uses at a time.
const MOST_KEPT: usize = 256;

impl Layer {
    /// Makes a layer that shares its memory pool with the other layers of the network.
    pub(super) fn new(step: impl Step + 'static, memory: Memory) -> Self {
        Self { step: Arc::new(step), memory }
    }
}

impl Layer {
    pub(super) fn step(&self) -> &dyn Step {
        &*self.step
    }
}

impl Debug for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.step.name())
    }
}

impl PartialEq for Layer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.step, &other.step)
    }
}

impl Eq for Layer {}

impl Op for Layer {
    fn name(&self) -> StaticName {
        self.step.name().into()
    }

    op_as_typed_op!();
}

impl EvalOp for Layer {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let made = self.step.outputs();
        let mut outputs = made
            .iter()
            .map(|(numbers, shape)| self.memory.take(*numbers, shape))
            .collect::<TractResult<Vec<Arc<Tensor>>>>()?;
        let mut filled = outputs.iter_mut().filter_map(Arc::get_mut).collect::<Vec<&mut Tensor>>();
        self.step.run(&inputs, &mut filled)?;
        self.memory.keep(&outputs);
        Ok(outputs.into_iter().map(IntoTValue::into_tvalue).collect())
    }
}

/// Size of a cache line.
const ALIGNMENT: usize = 64;

impl TypedOp for Layer {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.step.outputs().into_iter().map(|(numbers, shape)| numbers.fact(shape)).collect())
    }

    as_op!();
}
