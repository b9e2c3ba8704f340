import NN
import Torch

/// The singular value decomposition of a matrix, from which a matrix of lower rank is cut that is as
/// close as possible (Eckart & Young 1936).
struct Decomposition {
  /// `[out, n]`, with orthonormal columns.
  private let left: Tensor
  /// `[n, in]`, with orthonormal rows.
  private let right: Tensor
  private let singular: Tensor
  /// The singular values, largest first.
  let values: [Double]

  /// Decomposes `[out, in]` in float64. In float32, the last vectors that are kept would be inexact
  /// where the next singular value is almost the same.
  init(_ matrix: Tensor) throws {
    let (u, s, vh) = try matrix.to(.float64).svd()
    try self.init(left: u, s, right: vh)
  }

  /// Decomposes the product of `up`, `[out, rank]`, and `down`, `[rank, in]`, in float64.
  ///
  /// A rank below both sides needs no matrix of the product's size: with `up = Q R` and
  /// `down^T = P T` the product is `Q (R T^T) P^T`, whose core is `[rank, rank]`.
  init(up: Tensor, down: Tensor) throws {
    let (up, down) = (try up.to(.float64), try down.to(.float64))
    guard up.shape[1] < min(up.shape[0], down.shape[1]) else {
      try self.init(up.matmul(down))
      return
    }
    let (q, r) = try up.qr()
    let (p, t) = try down.transpose(0, 1).qr()
    let (u, s, vh) = try r.matmul(t.transpose(0, 1)).svd()
    try self.init(left: q.matmul(u), s, right: vh.matmul(p.transpose(0, 1)))
  }

  private init(left: Tensor, _ singular: Tensor, right: Tensor) throws {
    self.left = left
    self.right = right
    self.singular = singular
    values = try singular.doubles()
  }

  /// The factors of the closest matrix of a rank, in float32: the left one with the singular values,
  /// as in kohya's `resize_lora.py`.
  func factors(rank: Int) throws -> (up: Tensor, down: Tensor) {
    let up = try (left * singular).narrow(dim: 1, start: 0, length: rank)
    let down = try right.narrow(dim: 0, start: 0, length: rank)
    return (try up.to(.float32), try down.to(.float32))
  }

  /// The Frobenius norm of the closest matrix of a rank, as a share of the whole; 1 for zero.
  func keptNorm(rank: Int) -> Double {
    func squares(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 } }
    let all = squares(values)
    return all > 0 ? (squares(values.prefix(rank)) / all).squareRoot() : 1
  }
}
