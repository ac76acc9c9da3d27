//! Weighted linear least squares with a few unknowns, by the normal equations and Cholesky's decomposition.

/// Collects equations `sum of coefficients * unknowns = value`.
#[derive(Clone)]
pub(super) struct Equations<const N: usize> {
    matrix: [[f64; N]; N],
    right: [f64; N],
}

impl<const N: usize> Equations<N> {
    /// No equations. `ridge` pulls each unknown towards 0; it keeps unknowns apart that the equations cannot separate.
    pub(super) fn new(ridge: [f64; N]) -> Self {
        let mut matrix = [[0.0; N]; N];
        (0..N).for_each(|at| matrix[at][at] = ridge[at]);
        Self { matrix, right: [0.0; N] }
    }

    pub(super) fn add(&mut self, coefficients: &[f64; N], value: f64, weight: f64) {
        for row in 0..N {
            let scaled = weight * coefficients[row];
            self.right[row] += scaled * value;
            (0..=row).for_each(|column| self.matrix[row][column] += scaled * coefficients[column]);
        }
    }

    /// The unknowns, and the diagonal of the inverse matrix: the variances of the unknowns for equations with a variance
    /// of 1 over their weight. `None` if they are not determined.
    pub(super) fn solve(&self) -> Option<([f64; N], [f64; N])> {
        let lower = self.decompose()?;
        let solved = substitute(&lower, &self.right);
        let mut variances = [0.0; N];
        for (at, variance) in variances.iter_mut().enumerate() {
            let mut unit = [0.0; N];
            unit[at] = 1.0;
            *variance = substitute(&lower, &unit)[at];
        }
        Some((solved, variances))
    }

    /// The lower triangle `L` with `L L^T = matrix`.
    fn decompose(&self) -> Option<[[f64; N]; N]> {
        let mut lower = [[0.0; N]; N];
        for row in 0..N {
            for column in 0..=row {
                let sum: f64 = (0..column).map(|at| lower[row][at] * lower[column][at]).sum();
                let rest = self.matrix[row][column] - sum;
                if row == column {
                    if rest.is_nan() || rest <= 1e-12 * self.matrix[row][row].abs() || rest <= 0.0 {
                        return None;
                    }
                    lower[row][row] = rest.sqrt();
                } else {
                    lower[row][column] = rest / lower[column][column];
                }
            }
        }
        Some(lower)
    }
}

fn substitute<const N: usize>(lower: &[[f64; N]; N], right: &[f64; N]) -> [f64; N] {
    let mut values = *right;
    for row in 0..N {
        let sum: f64 = (0..row).map(|at| lower[row][at] * values[at]).sum();
        values[row] = (values[row] - sum) / lower[row][row];
    }
    for row in (0..N).rev() {
        let sum: f64 = (row + 1..N).map(|at| lower[at][row] * values[at]).sum();
        values[row] = (values[row] - sum) / lower[row][row];
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points() {
        let mut equations = Equations::new([0.0; 2]);
        for (x, y) in [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)] {
            equations.add(&[1.0, x], y, 1.0);
        }
        let ([offset, slope], [variance, of_slope]) = equations.solve().unwrap();
        assert!((offset - 1.0).abs() < 1e-12 && (slope - 2.0).abs() < 1e-12);
        // By hand: the inverse of [[3, 3], [3, 5]] has the diagonal 5/6, 3/6.
        assert!((variance - 5.0 / 6.0).abs() < 1e-12 && (of_slope - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_point_of_no_weight_does_not_count() {
        let mut equations = Equations::new([0.0; 1]);
        equations.add(&[1.0], 2.0, 1.0);
        equations.add(&[1.0], 90.0, 0.0);
        assert!((equations.solve().unwrap().0[0] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_determined_has_no_solution() {
        let mut equations = Equations::new([0.0; 2]);
        assert!(equations.solve().is_none());
        equations.add(&[1.0, 1.0], 2.0, 1.0);
        equations.add(&[2.0, 2.0], 4.0, 1.0);
        assert!(equations.solve().is_none());
        let mut equations = Equations::new([1e-6; 2]);
        equations.add(&[1.0, 1.0], 2.0, 1.0);
        let [a, b] = equations.solve().unwrap().0;
        assert!((a - 1.0).abs() < 1e-5 && (b - 1.0).abs() < 1e-5);
    }
}
