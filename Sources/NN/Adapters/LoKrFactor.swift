import Torch

/// One factor of a Kronecker product.
enum LoKrFactor {
  /// `[rows, columns]`, or `[rows, columns, k, k]`.
  case whole(Tensor)
  /// `[rows, rank]` and `[rank, columns]`, or `[rank, columns * k * k]`.
  case product(Tensor, Tensor)
  /// A core `[rank, rank, k, k]`, `[rank, rows]` and `[rank, columns]`.
  case tucker(core: Tensor, Tensor, Tensor)

  /// Reads `name`, or else `name_a` and `name_b` with the core. Throws `AdapterError.incomplete`,
  /// `.shapes`.
  init(_ stored: StoredAdapter, name: String, core: String?) throws(AdapterError) {
    let (a, b) = (stored.tensors["\(name)_a"], stored.tensors["\(name)_b"])
    let isCore = core.map { stored.tensors[$0] != nil } ?? false
    if let whole = stored.tensors[name] {
      guard [2, 4].contains(whole.dimensions), a == nil, b == nil, !isCore else {
        throw .shapes(([whole] + [a, b].compactMap { $0 }).map(\.shape))
      }
      self = .whole(whole)
      return
    }
    guard a != nil || b != nil || isCore else { throw .incomplete(missing: [name]) }
    let matrices = try stored.require("\(name)_a", "\(name)_b")
    let (left, right) = (matrices[0], matrices[1])
    guard left.dimensions == 2, right.dimensions == 2 else {
      throw .shapes(matrices.map(\.shape))
    }
    guard let core, let middle = stored.tensors[core] else {
      guard left.shape[1] == right.shape[0] else { throw .shapes(matrices.map(\.shape)) }
      self = .product(left, right)
      return
    }
    guard middle.dimensions == 4,
      middle.shape.prefix(2) == [left.shape[0], right.shape[0]], left.shape[0] == right.shape[0]
    else { throw .shapes([middle.shape] + matrices.map(\.shape)) }
    self = .tucker(core: middle, left, right)
  }

  /// The inner size of the product; nil for a whole factor.
  var rank: Int? {
    switch self {
    case .whole: nil
    case .product(_, let right), .tucker(_, _, let right): right.shape[0]
    }
  }

  /// The shape of the factor, whose kernel is flattened in a product without a core.
  var shape: [Int] {
    switch self {
    case .whole(let whole): whole.shape
    case .product(let left, let right): [left.shape[0], right.shape[1]]
    case .tucker(let core, let left, let right):
      [left.shape[1], right.shape[1]] + core.shape.dropFirst(2)
    }
  }

  /// The factor as `[rows, columns * k * k]`.
  func matrix() throws(TorchError) -> Tensor {
    switch self {
    case .whole(let whole): try whole.reshape([whole.shape[0], -1])
    case .product(let left, let right): try left.matmul(right)
    case .tucker(let core, let left, let right):
      try core.tucker(left, right).reshape([left.shape[1], -1])
    }
  }

  /// The tensors by LyCORIS' names.
  func tensors(named name: String) -> [(name: String, tensor: Tensor)] {
    switch self {
    case .whole(let whole): [(name, whole)]
    case .product(let left, let right): [("\(name)_a", left), ("\(name)_b", right)]
    case .tucker(let core, let left, let right):
      [("\(name)_a", left), ("\(name)_b", right), ("lokr_t2", core)]
    }
  }

  func map(_ change: (Tensor) throws -> Tensor) throws -> LoKrFactor {
    switch self {
    case .whole(let whole): .whole(try change(whole))
    case .product(let left, let right): .product(try change(left), try change(right))
    case .tucker(let core, let left, let right):
      .tucker(core: try change(core), try change(left), try change(right))
    }
  }

  func scaled(by factor: Double) throws -> LoKrFactor {
    switch self {
    case .whole(let whole): .whole(try whole * factor)
    case .product(let left, let right): .product(try left * factor, right)
    case .tucker(let core, let left, let right): .tucker(core: try core * factor, left, right)
    }
  }
}

extension LoKrFactor {
  /// The two sizes whose product is a side of the weight.
  typealias Sizes = (small: Int, large: Int)

  /// The sizes for outputs and inputs of a weight. Throws `AdapterError.factor` for one that does not
  /// divide both. LyCORIS takes another factor then, which differs between layers.
  static func sizes(
    of shape: [Int], factor: Int
  ) throws(AdapterError) -> (rows: Sizes, columns: Sizes) {
    let (out, count) = (shape[0], shape[1])
    guard factor == -1 || factor > 0, factor == -1 || (out % factor, count % factor) == (0, 0)
    else {
      let common = (1...min(out, count)).filter { out % $0 == 0 && count % $0 == 0 }
      throw .factor(factor, shape: shape, possible: common)
    }
    return (sizes(of: out, factor: factor), sizes(of: count, factor: factor))
  }

  /// `factorization` of LyCORIS for a factor that divides the side, or -1. The larger of the two is
  /// that of the large matrix.
  static func sizes(of side: Int, factor: Int) -> Sizes {
    if factor > 0 { return (min(factor, side / factor), max(factor, side / factor)) }
    let divisors = (1...side).prefix { $0 * $0 <= side }.filter { side % $0 == 0 }
    let small = divisors.last ?? 1
    return (small, side / small)
  }
}
