import Torch

/// How a model's weight is taken from a checkpoint's tensor that stores it in another form.
public enum TensorView: Sendable, Equatable {
  /// The tensor as it is.
  case whole
  /// One of equal parts of the rows: query, key and value in one matrix.
  case rows(part: Int, of: Int)
  /// Rows and columns exchanged.
  case transposed
  /// A linear layer stored as a 1 x 1 convolution; a tensor without these two sides stays as it is.
  case squeezed

  /// The shape of the view. A tensor without such a view keeps its shape, which then differs from
  /// the model's.
  func shape(of shape: [Int]) -> [Int] {
    switch self {
    case .rows(_, let parts) where shape.first?.isMultiple(of: parts) == true:
      [shape[0] / parts] + shape.dropFirst()
    case .transposed where shape.count == 2: shape.reversed()
    case .squeezed where shape.count == 4 && shape[2...] == [1, 1]: Array(shape.prefix(2))
    default: shape
    }
  }

  /// The view of a tensor, contiguous: a copy only where it is transposed.
  func tensor(of tensor: Tensor) throws -> Tensor {
    let shape = shape(of: tensor.shape)
    switch self {
    case .rows(let part, _) where shape != tensor.shape:
      return try tensor.narrow(dim: 0, start: part * shape[0], length: shape[0])
    case .transposed where tensor.dimensions == 2:
      return try tensor.transpose(0, 1).reshape([-1]).reshape(shape)
    case .squeezed: return try tensor.reshape(shape)
    default: return tensor
    }
  }
}
