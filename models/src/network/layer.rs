//! Our own operators in tract's graph: one [`Step`] is one node.

use std::fmt::{self, Debug};
use std::sync::Arc;
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::*;

/// What a node computes, for inputs of sizes that are known.
pub(super) trait Step: Debug + Send + Sync {
    /// The operator's name.
    fn name(&self) -> &'static str;

    /// What is made: the type of the numbers, and how they lie.
    fn outputs(&self) -> Vec<(DatumType, Vec<usize>)>;

    /// Fills the outputs, which are as promised, from the inputs.
    fn run(&self, inputs: &[TValue], outputs: &mut [Tensor]) -> TractResult<()>;
}

/// A step as an operator of tract.
#[derive(Clone)]
pub(super) struct Layer(pub(super) Arc<dyn Step>);

impl Debug for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.name())
    }
}

impl PartialEq for Layer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Layer {}

impl Op for Layer {
    fn name(&self) -> StaticName {
        self.0.name().into()
    }

    op_as_typed_op!();
}

impl EvalOp for Layer {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let made = self.0.outputs();
        let mut outputs = made
            .iter()
            .map(|(numbers, shape)| Tensor::zero_aligned_dt(*numbers, shape, ALIGNMENT))
            .collect::<TractResult<Vec<_>>>()?;
        self.0.run(&inputs, &mut outputs)?;
        Ok(outputs.into_iter().map(IntoTValue::into_tvalue).collect())
    }
}

/// A line of the cache.
const ALIGNMENT: usize = 64;

impl TypedOp for Layer {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(self.0.outputs().into_iter().map(|(numbers, shape)| numbers.fact(shape)).collect())
    }

    as_op!();
}
