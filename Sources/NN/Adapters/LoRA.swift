public import Torch

/// A low-rank update of a weight: `y += alpha / rank * up(down(x))` (Hu et al. 2021, "LoRA:
/// Low-Rank Adaptation of Large Language Models"). On a convolution, `down` has its kernel and `up`
/// is 1 x 1 (LoCon of LyCORIS, Yeh et al. 2023).
public struct LoRA: TrainableAdapterKind {
  /// The kind in messages.
  public static let name = "LoRA"
  /// PEFT's name.
  public static let peftType: PEFTType? = .lora

  /// `[rank, in]`, or `[rank, in, k, k]` for a convolution.
  public let down: Tensor

  /// `[out, rank]`, or `[out, rank, 1, 1]` for a convolution.
  public let up: Tensor

  /// alpha / rank.
  public let scale: Double

  /// A second factor on the update, 1 in training.
  public var strength: Double

  /// An adapter with the given matrices.
  public init(down: Tensor, up: Tensor, scale: Double, strength: Double = 1) {
    self.down = down
    self.up = up
    self.scale = scale
    self.strength = strength
  }

  /// The factor on the product of the matrices.
  private var factor: Double { scale * strength }

  /// The rank of the matrices.
  public var rank: Int? { down.shape[0] }

  /// The alpha with which alpha / rank is the factor on the product, strength included.
  public var alpha: Double? { factor * Double(down.shape[0]) }

  /// `[out, in]`, or `[out, in, k, k]`.
  public var weightShape: [Int]? { [up.shape[0]] + down.shape.dropFirst() }

  // MARK: In a layer

  /// The matrices, as diffusers and PEFT name them.
  public var tensors: [(name: String, tensor: Tensor)] {
    [(Self.downName, down), (Self.upName, up)]
  }

  /// `output + scale * up(down(input))`. The float32 matrices are cast to the type of the input, so
  /// that activations stay in the base's precision and the gradients of the matrices in float32.
  public func output(of call: LayerCall) throws -> Tensor { try output(of: call) { $0 } }

  /// The output without some ranks and values of `down(input)` (sd-scripts' `LoRAModule`).
  public func output(of call: LayerCall, dropping draws: AdapterDraws) throws -> Tensor {
    try output(of: call) { low in
      try draws.droppingRanks(draws.droppingValues(low), of: call.operation)
    }
  }

  /// - Parameter change: Changes the inner values, `[..., rank]` or `[B, rank, H, W]`.
  private func output(
    of call: LayerCall, changing change: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let dtype = call.input.dtype
    let low = try change(call.operation(call.input, down.to(dtype)))
    switch call.operation {
    case .linear: return try call.output.addingLinear(low, up.to(dtype), scale: factor)
    case .convolution: return try call.output + low.conv2d(up.to(dtype)) * factor
    }
  }

  /// Scales both matrices alike, by the root of the factor on the norm.
  public func limitNorm(to limit: Double) throws {
    let root = try NormLimit.factor(on: deltaNorm(), limit: limit).sqrt().to(.float32)
    for matrix in [down, up] { try matrix.copy(from: matrix * root) }
  }

  /// The Frobenius norm of the delta, a float64 scalar: `||up down||^2` is the sum of the products of the
  /// numbers of `up^T up` and `down down^T`, which are `[rank, rank]`. Throws `TorchError`.
  package func deltaNorm() throws -> Tensor {
    let rank = down.shape[0]
    let (up, down) = (
      try up.to(.float64).reshape([-1, rank]), try down.to(.float64).reshape([rank, -1])
    )
    let squares = try (up.transpose(0, 1).matmul(up) * down.matmul(down.transpose(0, 1))).sum()
    return try squares.clamp(min: 0).sqrt() * abs(factor)
  }

  /// `scale * up down`.
  public func delta(of weight: Tensor) throws -> Tensor {
    let rank = down.shape[0]
    return try up.reshape([-1, rank]).matmul(down.reshape([rank, -1])).reshape(weight.shape)
      * factor
  }

  /// One LoRA with the matrices of all side by side; nil if one of `others` is not a LoRA.
  public func combined(with others: [any Adapter]) throws -> (any Adapter)? {
    let all = [self] + others.compactMap { $0 as? LoRA }
    guard all.count == others.count + 1 else { return nil }
    return LoRA(
      down: try .cat(all.map(\.down), dim: 0),
      up: try .cat(all.map { try $0.up * $0.factor }, dim: 1), scale: 1)
  }

  // MARK: Creation

  /// A LoRA with the settings' first values, or ``PiSSA``. Throws `AdapterError.rank`,
  /// `.rankAbove`, `TorchError`.
  public static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind {
    guard settings.initialization == .pissa else {
      return try LoRA(for: weight, settings: settings, generator: generator)
    }
    return try PiSSA(of: weight, settings: settings)
  }

  /// The up matrix is zero, so that training starts at the base model; the down matrix is random:
  /// ``LoRAInitialization/gaussian`` by default.
  init(for weight: Tensor, settings: AdapterSettings, generator: Generator) throws {
    try settings.checkRank()
    let (shape, device, rank) = (weight.shape, weight.device, settings.rank)
    let sides = [rank] + shape.dropFirst()
    let down =
      settings.initialization == .kaiming
      ? try generator.kaimingUniform(sides)
      : try generator.normal(sides) * (1 / Double(rank))
    self.init(
      down: try down.to(device),
      up: try .zeros([shape[0], rank] + shape.dropFirst(2).map { _ in 1 }, device: device),
      scale: settings.scale)
  }

  /// The rows of the inner matrix product. A ``PiSSA`` has twice as many, in matrices that every pass joins.
  public static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory {
    let numbers = settings.rank * (shape[0] + shape.dropFirst().reduce(1, *))
    return settings.initialization == .pissa
      ? AdapterMemory(trained: numbers, keptForEachRow: 2 * settings.rank, kept: 2 * numbers)
      : AdapterMemory(trained: numbers, isFused: true, keptForEachRow: settings.rank)
  }

  /// `down(x)`.
  public static let dropoutPlace = DropoutPlace.ranks

  // MARK: In files

  static let downName = "lora_A.weight"
  static let upName = "lora_B.weight"
  /// A factor that LyCORIS multiplies into `lora_up` when it saves. lycoris-lora 4.1.3 takes 1 for it
  /// whatever a file says.
  static let scalarName = "scalar"

  /// The names of PEFT and diffusers, of diffusers before PEFT, and of kohya.
  public static let fileNames = [
    downName: downName, upName: upName,
    "lora_A.default.weight": downName, "lora_B.default.weight": upName,
    "lora.down.weight": downName, "lora.up.weight": upName,
    "lora_linear_layer.down.weight": downName, "lora_linear_layer.up.weight": upName,
    "lora_down.weight": downName, "lora_up.weight": upName, scalarName: scalarName,
  ]

  /// The matrices themselves, with alpha / rank in the up matrix.
  public func peftTensors() throws -> [(name: String, tensor: Tensor)]? {
    try foldingAlpha().tensors
  }

  /// kohya's names.
  public static let kohyaNames = [downName: "lora_down.weight", upName: "lora_up.weight"]

  /// The same update with the factor multiplied into the up matrix.
  public func foldingAlpha() throws -> LoRA {
    LoRA(down: down, up: factor == 1 ? up : try up * factor, scale: 1)
  }

  /// The same factor with changed matrices.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> LoRA {
    LoRA(down: try change(down), up: try change(up), scale: scale, strength: strength)
  }

  /// Reads the matrices of a file, which may store a linear layer with a kernel of 1 x 1.
  public init(_ stored: StoredAdapter) throws {
    let matrices = try stored.require(Self.downName, Self.upName)
    let (down, up) = (matrices[0], matrices[1])
    guard [2, 4].contains(down.dimensions), [2, 4].contains(up.dimensions),
      down.shape[0] == up.shape[1], up.shape.dropFirst(2).allSatisfy({ $0 == 1 })
    else { throw AdapterError.shapes([down.shape, up.shape]) }
    self.init(down: down, up: up, scale: stored.scale(rank: down.shape[0]))
  }

  /// The matrices in the shapes of a layer.
  public func fitted(to shape: [Int], on device: Device) throws -> LoRA {
    func kernel(_ shape: [Int]) -> [Int] { shape.count == 2 ? shape + [1, 1] : shape }
    let (rank, own) = (down.shape[0], [up.shape[0]] + down.shape.dropFirst())
    guard kernel(own) == kernel(shape) else { throw AdapterError.otherWeight(own) }
    let sides = shape.dropFirst(2).map { _ in 1 }
    return LoRA(
      down: try down.to(.float32).reshape([rank] + shape.dropFirst()).to(device),
      up: try up.to(.float32).reshape([shape[0], rank] + sides).to(device), scale: scale,
      strength: strength)
  }
}
