//! Logistic regression with sample weights and a penalty on large coefficients, by Newton's method. No I/O, and
//! deterministic.

/// A sample: its features, its class (true lies above 0), and its weight.
pub(super) struct Sample {
    pub(super) features: Vec<f64>,
    pub(super) above: bool,
    pub(super) weight: f64,
}

const STEPS: usize = 25;
/// Penalty on the squared coefficients, except the last, which is the constant.
const PENALTY: f64 = 1.0;

/// The fitted coefficients. The last one belongs to the constant feature 1 that is added.
pub(super) fn fit(samples: &[Sample]) -> Vec<f64> {
    let count = samples.first().map_or(0, |sample| sample.features.len()) + 1;
    let mut coefficients = vec![0.0; count];
    let mut features = vec![1.0; count];
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = coefficients.iter().map(|coefficient| -PENALTY * coefficient).collect();
        let mut curvature = vec![0.0; count * count];
        (0..count).for_each(|at| curvature[at * count + at] = PENALTY);
        // A tiny penalty on the constant, so that it converges with samples of one class.
        gradient[count - 1] *= 1e-6;
        curvature[count * count - 1] *= 1e-6;
        for Sample { features: measured, above, weight } in samples {
            features[..count - 1].copy_from_slice(measured);
            let chance = 1.0 / (1.0 + (-dot(&features, &coefficients)).exp());
            let error = weight * (f64::from(u8::from(*above)) - chance);
            let steepness = weight * (chance * (1.0 - chance)).max(1e-9);
            for (row, &feature) in features.iter().enumerate() {
                gradient[row] += error * feature;
                let scaled = steepness * feature;
                let of_row = &mut curvature[row * count..=row * count + row];
                of_row.iter_mut().zip(&features).for_each(|(sum, other)| *sum += scaled * other);
            }
        }
        let step = solve(curvature, gradient, count);
        let largest = step.iter().fold(0.0, |largest: f64, step| largest.max(step.abs()));
        // Limits the step length, for separable samples.
        let cut = if largest > 5.0 { 5.0 / largest } else { 1.0 };
        coefficients.iter_mut().zip(&step).for_each(|(coefficient, step)| *coefficient += cut * step);
        if largest < 1e-9 {
            break;
        }
    }
    coefficients
}

/// Solves a symmetric positive definite system by Cholesky decomposition. Only the lower half of the matrix is read.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>, count: usize) -> Vec<f64> {
    for row in 0..count {
        for column in 0..=row {
            let before =
                dot(&matrix[row * count..row * count + column], &matrix[column * count..column * count + column]);
            let rest = matrix[row * count + column] - before;
            matrix[row * count + column] =
                if row == column { rest.max(1e-12).sqrt() } else { rest / matrix[column * count + column] };
        }
    }
    for row in 0..count {
        let before = dot(&matrix[row * count..row * count + row], &right[..row]);
        right[row] = (right[row] - before) / matrix[row * count + row];
    }
    for row in (0..count).rev() {
        let after: f64 = (row + 1..count).map(|below| matrix[below * count + row] * right[below]).sum();
        right[row] = (right[row] - after) / matrix[row * count + row];
    }
    right
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_by_hand() {
        let solved = solve(vec![4.0, 0.0, 2.0, 3.0], vec![8.0, 7.0], 2);
        assert!((solved[0] - 1.25).abs() < 1e-12 && (solved[1] - 1.5).abs() < 1e-12, "{solved:?}");
    }

    #[test]
    fn the_line_lies_between_the_classes_and_is_symmetric() {
        let sample = |x: f64, y: f64, above| Sample { features: vec![x, y], above, weight: 10.0 };
        let samples =
            [sample(1.0, 0.3, true), sample(2.0, -0.3, true), sample(-1.0, 0.3, false), sample(-2.0, -0.3, false)];
        let fitted = fit(&samples);
        assert!(fitted[0] > 1.0 && fitted[1].abs() < fitted[0] && fitted[2].abs() < 1e-6, "{fitted:?}");
    }

    /// With no informative feature, the constant expresses the frequency of the classes.
    #[test]
    fn weights_count() {
        let sample = |above, weight| Sample { features: vec![0.0], above, weight };
        let fitted = fit(&[sample(true, 30.0), sample(false, 10.0)]);
        assert!((fitted[1] - 3.0_f64.ln()).abs() < 1e-4, "{fitted:?}");
    }
}
