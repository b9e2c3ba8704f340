public import Torch

/// A Kronecker product of a small and a large matrix: `delta = scale * kron(w1, w2)` (Edalati et al.
/// 2022, "KronA"; `LokrModule` of LyCORIS). Each of the two may be a product of matrices of a rank. If
/// neither is, there is no rank, and the scale is 1.
///
/// On a linear layer, the input is multiplied by one matrix after the other, and the delta is not
/// built. On a convolution it is built in every pass, in float32.
public struct LoKr: TrainableAdapterKind {
  /// The kind in messages.
  public static let name = "LoKr"
  /// PEFT's name.
  public static let peftType: PEFTType? = .lokr

  private let small: LoKrFactor
  private let large: LoKrFactor
  private let scale: Double

  /// A second factor on the update, 1 in training.
  public var strength: Double

  private init(small: LoKrFactor, large: LoKrFactor, scale: Double, strength: Double = 1) {
    self.small = small
    self.large = large
    self.scale = scale
    self.strength = strength
  }

  /// The rank of the factors; nil if both are whole.
  public var rank: Int? { large.rank ?? small.rank }
  /// The alpha, strength included; 1 if both factors are whole, where it has no effect.
  public var alpha: Double? { rank.map { scale * strength * Double($0) } ?? 1 }
  /// `[out, in * k * k]`, or `[out, in, k, k]` if the large factor has a kernel.
  public var weightShape: [Int]? {
    let (one, two) = (small.shape, large.shape)
    return [one[0] * two[0], one[1] * two[1]] + two.dropFirst(2)
  }

  // MARK: In a layer

  /// The matrices, by LyCORIS' names.
  public var tensors: [(name: String, tensor: Tensor)] {
    small.tensors(named: "lokr_w1") + large.tensors(named: "lokr_w2")
  }

  /// The output with `w1 (w2 x)` added, where x is a matrix of the sizes of both factors.
  public func output(of call: LayerCall) throws -> Tensor {
    let (input, dtype) = (call.input, call.input.dtype)
    guard case .linear = call.operation else {
      return try call.output + call.operation(input, delta(of: call.weight).to(dtype))
    }
    let one = try (small.matrix() * (scale * strength)).to(dtype)
    let two = try large.matrix().to(dtype)
    let sides = Array(input.shape.dropLast())
    // [..., c, d] -> [..., c, b] -> [..., b, a] -> [..., a * b]
    let inner = try input.reshape(sides + [one.shape[1], two.shape[1]]).linear(two)
    let outer = try inner.transpose(-1, -2).linear(one).transpose(-1, -2)
    return try call.output + outer.reshape(sides + [one.shape[0] * two.shape[0]])
  }

  /// `scale * kron(w1, w2)`.
  public func delta(of weight: Tensor) throws -> Tensor {
    let (one, two) = (try small.matrix(), try large.matrix())
    let (a, c, b, d) = (one.shape[0], one.shape[1], two.shape[0], two.shape[1])
    let blocks = try one.reshape([a, 1, c, 1]) * two.reshape([1, b, 1, d])
    return try blocks.reshape(weight.shape) * (scale * strength)
  }

  /// The Frobenius norm of the delta, a float64 scalar: the product of those of both matrices. Throws
  /// `TorchError`.
  package func deltaNorm() throws -> Tensor {
    let squares = try [small, large].map { try $0.matrix().to(.float64).square().sum() }
    return try (squares[0] * squares[1]).sqrt() * abs(scale * strength)
  }

  /// Scales the small matrix, or the first one of its product.
  public func limitNorm(to limit: Double) throws {
    guard let (_, scaled) = small.tensors(named: "").first else { return }
    let factor = try NormLimit.factor(on: deltaNorm(), limit: limit).to(.float32)
    try scaled.copy(from: scaled * factor)
  }

  // MARK: Creation

  /// The sizes follow from `factor`, and a factor whose rank would not be below half of its larger
  /// side stays whole, as in LyCORIS. The part of the large factor that is multiplied last is zero, so
  /// that training starts at the base model. Throws `AdapterError.rank`, `.factor`,
  /// `.initialization`, `TorchError`.
  public static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind {
    try settings.checkRank()
    try settings.requireOwnInitialization(of: Self.self)
    let (shape, device, rank) = (weight.shape, weight.device, settings.rank)
    let (rows, columns) = try LoKrFactor.sizes(of: shape, factor: settings.factor)
    func isProduct(_ rows: Int, _ columns: Int) -> Bool { 2 * rank < max(rows, columns) }
    func random(_ shape: [Int]) throws -> Tensor {
      try generator.kaimingUniform(shape).to(device)
    }
    let small: LoKrFactor =
      settings.decomposesBoth && isProduct(rows.small, columns.small)
      ? .product(try random([rows.small, rank]), try random([rank, columns.small]))
      : .whole(try random([rows.small, columns.small]))
    let kernel = Array(shape.dropFirst(2))
    let large: LoKrFactor =
      isProduct(rows.large, columns.large)
      ? .product(
        try random([rows.large, rank]),
        try .zeros([rank, columns.large * kernel.reduce(1, *)], device: device))
      : .whole(try .zeros([rows.large, columns.large] + kernel, device: device))
    return LoKr(
      small: small, large: large,
      scale: small.rank == nil && large.rank == nil ? 1 : settings.scale)
  }

  /// On a linear layer both matrices are kept, and what lies between their products; on a convolution the
  /// delta.
  public static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory {
    let sides = [shape[0], shape[1]].map { LoKrFactor.sizes(of: $0, factor: settings.factor) }
    let (rows, columns) = (sides[0], sides[1])
    let (kernel, rank) = (shape.dropFirst(2).reduce(1, *), settings.rank)
    func numbers(_ rows: Int, _ columns: Int, _ kernel: Int, isProduct: Bool) -> Int {
      isProduct && 2 * rank < max(rows, columns)
        ? rank * (rows + columns * kernel) : rows * columns * kernel
    }
    let small = numbers(rows.small, columns.small, 1, isProduct: settings.decomposesBoth)
    let large = numbers(rows.large, columns.large, kernel, isProduct: true)
    let isLinear = shape.count == 2
    let whole = shape.reduce(1, *)
    return AdapterMemory(
      trained: small + large, keptForEachRow: isLinear ? columns.small * rows.large : 0,
      kept: isLinear ? rows.small * columns.small + rows.large * columns.large : whole,
      work: isLinear ? 0 : 2 * whole)
  }

  // MARK: In files

  /// LyCORIS' names.
  public static let fileNames = Dictionary(
    uniqueKeysWithValues: [
      "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
      LoRA.scalarName,
    ].map { ($0, $0) })

  /// Reads both factors. Throws `AdapterError.incomplete`, `.shapes`.
  public init(_ stored: StoredAdapter) throws {
    let small = try LoKrFactor(stored, name: "lokr_w1", core: nil)
    let large = try LoKrFactor(stored, name: "lokr_w2", core: "lokr_t2")
    let ranks = [small.rank, large.rank].compactMap { $0 }
    guard Set(ranks).count <= 1, small.shape.count == 2 else {
      throw AdapterError.shapes([small.shape, large.shape])
    }
    self.init(
      small: small, large: large,
      scale: ranks.first.map { stored.scale(rank: $0) } ?? stored.configuredScale ?? 1)
  }

  /// LyCORIS' names, with the scale in the small matrix; nil with a core.
  public func peftTensors() throws -> [(name: String, tensor: Tensor)]? {
    if case .tucker = large { return nil }
    return try foldingAlpha().tensors
  }

  /// The settings of PEFT's LoKrConfig that give a layer of this shape matrices of these sizes; nil if
  /// none do.
  ///
  /// - Parameters:
  ///   - factor: `decompose_factor`.
  ///   - decomposesBoth: `decompose_both`.
  package func peftRank(for shape: [Int], factor: Int, decomposesBoth: Bool) -> Int? {
    let sides = [shape[0], shape[1]].map { LoKrFactor.sizes(of: $0, factor: factor) }
    guard factor < 0 || shape.prefix(2).allSatisfy({ $0 % factor == 0 }),
      small.shape == sides.map(\.small), large.shape[0] == sides[0].large,
      sides[1].large * small.shape[1] == shape[1]
    else { return nil }
    let limits = (small: sides.map(\.small).max() ?? 0, large: sides.map(\.large).max() ?? 0)
    let rank = rank ?? (limits.large + 1) / 2
    let isSmallProduct = decomposesBoth && 2 * rank < limits.small
    guard (small.rank != nil) == isSmallProduct, (large.rank != nil) == (2 * rank < limits.large)
    else { return nil }
    return rank
  }

  /// The size of the small matrix, which one of the sides has from PEFT's `decompose_factor`.
  package var smallShape: [Int] { small.shape }

  /// Whether the small matrix is a product.
  package var decomposesBoth: Bool { small.rank != nil }

  /// The same in float32 on a device.
  public func fitted(to shape: [Int], on device: Device) throws -> LoKr {
    try checkShape(shape)
    guard shape[1].isMultiple(of: small.shape[1]) else {
      throw AdapterError.otherWeight(weightShape ?? [])
    }
    return try mapTensors { try $0.to(.float32).to(device) }
  }

  /// The same with the factor multiplied into the small matrix.
  public func foldingAlpha() throws -> LoKr {
    LoKr(small: try small.scaled(by: scale * strength), large: large, scale: 1)
  }

  /// The adapter itself; with the strength in the small matrix where alpha has no effect.
  public func stored() throws -> any AdapterKind {
    rank == nil && strength != 1 ? try foldingAlpha() : self
  }

  /// The same factor with changed tensors.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> LoKr {
    LoKr(
      small: try small.map(change), large: try large.map(change), scale: scale,
      strength: strength)
  }
}
