//! A dense symmetric system of equations in the levels.
//!
//! Knows: sums of squares that are added up, Cholesky's decomposition. Does not know: what the unknowns are.

/// A symmetric positive definite system; of the rows the lower half counts.
#[derive(Clone, Debug)]
pub(super) struct System {
    size: usize,
    rows: Vec<f64>,
    /// The right-hand side.
    pub(super) side: Vec<f64>,
}

impl System {
    pub(super) fn new(size: usize) -> System {
        System { size, rows: vec![0.0; size * size], side: vec![0.0; size] }
    }

    /// Adds to an element of the diagonal.
    pub(super) fn add(&mut self, at: usize, value: f64) {
        self.rows[at * self.size + at] += value;
    }

    /// Adds the outer product of a sparse vector with itself, times a factor. Indices rise.
    pub(super) fn add_square(&mut self, vector: &[(usize, f64)], factor: f64) {
        for (at, (row, value)) in vector.iter().enumerate() {
            let value = value * factor;
            let row = &mut self.rows[row * self.size..];
            for (column, other) in &vector[..=at] {
                row[*column] += value * other;
            }
        }
    }

    pub(super) fn plus(&mut self, other: &System) {
        self.rows.iter_mut().zip(&other.rows).for_each(|(a, b)| *a += b);
        self.side.iter_mut().zip(&other.side).for_each(|(a, b)| *a += b);
    }

    /// The solution; `None` when the system is not positive definite in double precision.
    pub(super) fn solve(mut self) -> Option<Vec<f64>> {
        let size = self.size;
        for row in 0..size {
            let (above, rest) = self.rows.split_at_mut(row * size);
            let this = &mut rest[..=row];
            for column in 0..row {
                let other = &above[column * size..=column * size + column];
                let dot: f64 = this[..column].iter().zip(other).map(|(a, b)| a * b).sum();
                this[column] = (this[column] - dot) / other[column];
            }
            let square = this[row] - this[..row].iter().map(|v| v * v).sum::<f64>();
            if !(square > 0.0 && square.is_finite()) {
                return None;
            }
            this[row] = square.sqrt();
        }
        let mut out = self.side;
        for row in 0..size {
            let this = &self.rows[row * size..=row * size + row];
            let dot: f64 = this[..row].iter().zip(&out).map(|(a, b)| a * b).sum();
            out[row] = (out[row] - dot) / this[row];
        }
        for row in (0..size).rev() {
            let value = out[row] / self.rows[row * size + row];
            out[row] = value;
            let this = &self.rows[row * size..row * size + row];
            out.iter_mut().zip(this).for_each(|(o, v)| *o -= v * value);
        }
        Some(out)
    }
}
