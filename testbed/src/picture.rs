//! A colour map over a face, in eye distances from the middle between the eyes.

/// The left, upper, right and lower edge.
pub(crate) const EDGES: [f32; 4] = [-2.2, -2.6, 2.2, 3.0];

/// Linear red, green and blue on a square mesh. What the values mean is up to the owner: reflectance, or light.
#[derive(Clone, Debug)]
pub struct Picture {
    step: f32,
    columns: usize,
    rows: usize,
    values: Vec<[f32; 3]>,
}

impl Picture {
    /// Evaluates `value` at every node; `step` is their distance.
    pub(crate) fn new(step: f32, mut value: impl FnMut(f32, f32) -> [f32; 3]) -> Self {
        let [left, top, right, bottom] = EDGES;
        let columns = ((right - left) / step).ceil() as usize + 1;
        let rows = ((bottom - top) / step).ceil() as usize + 1;
        let nodes = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let values = nodes.map(|(row, column)| value(left + step * column as f32, top + step * row as f32)).collect();
        Self { step, columns, rows, values }
    }

    /// Bilinear between nodes; beyond the edge, the edge.
    pub(crate) fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let (x, y) = ((x - EDGES[0]) / self.step, (y - EDGES[1]) / self.step);
        let x = x.clamp(0.0, self.columns as f32 - 1.001);
        let y = y.clamp(0.0, self.rows as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let first = row * self.columns + column;
        let node = |at: usize| self.values[at];
        let (a, b, c, d) = (node(first), node(first + 1), node(first + self.columns), node(first + self.columns + 1));
        [0, 1, 2].map(|channel| {
            let above = a[channel] + (b[channel] - a[channel]) * right;
            let below = c[channel] + (d[channel] - c[channel]) * right;
            above + (below - above) * down
        })
    }

    /// The same, on a coarser mesh, each value a mean over a cell of it.
    pub(crate) fn coarser(&self, step: f32) -> Self {
        let samples = (step / self.step).round().max(1.0) as usize;
        let offset = |index: usize| ((index as f32 + 0.5) / samples as f32 - 0.5) * step;
        Self::new(step, |x, y| {
            let mut sum = [0.0; 3];
            for (down, right) in (0..samples).flat_map(|down| (0..samples).map(move |right| (down, right))) {
                let value = self.at(x + offset(right), y + offset(down));
                (0..3).for_each(|channel| sum[channel] += value[channel]);
            }
            sum.map(|sum| sum / (samples * samples) as f32)
        })
    }
}

/// Linear luma of sRGB's primaries (ITU-R BT.709).
pub(crate) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_interpolated() {
        let picture = Picture::new(0.1, |x, y| [x, y, x * y]);
        let [x, y, _] = picture.at(0.33, -0.71);
        assert!((x - 0.33).abs() < 1e-5 && (y + 0.71).abs() < 1e-5);
        let [x, y, _] = picture.coarser(0.3).at(0.31, 0.2);
        assert!((x - 0.31).abs() < 1e-4 && (y - 0.2).abs() < 1e-4);
        assert!((picture.at(99.0, 0.0)[0] - 2.2).abs() < 0.1);
    }
}
