public import Torch

/// A LoRA that begins with the largest singular values and vectors of the weight (Meng et al. 2024,
/// "PiSSA: Principal Singular Values and Singular Vectors Adaptation of Large Language Models";
/// PEFT's `init_lora_weights="pissa"`).
///
/// PEFT subtracts the first product from the base weight. Here the base stays as it is, and the
/// first product is subtracted from the adapter: `y += scale * (up(down(x)) - up0(down0(x)))`. Both
/// are the same function with the same gradients, but for the rounding of the residual to the type
/// of the base. A file has the difference as a LoRA of twice the rank, as PEFT's
/// `path_initial_model_for_weight_conversion` makes it, so that it works with the unchanged base.
public struct PiSSA: TrainableAdapterKind {
  /// The kind in messages.
  public static let name = "PiSSA"
  /// LoRA's, because a file has a LoRA of twice the rank.
  public static let fileNames = LoRA.fileNames

  /// The trained matrices.
  private var trained: LoRA
  /// The first matrices, which never change.
  private let first: LoRA

  private init(_ trained: LoRA, first: LoRA) {
    self.trained = trained
    self.first = first
  }

  /// A factor on the change.
  public var strength: Double {
    get { trained.strength }
    set { trained.strength = newValue }
  }

  /// The rank of the trained matrices.
  public var rank: Int? { trained.rank }
  /// The alpha of the trained matrices.
  public var alpha: Double? { trained.alpha }
  /// The shape of the weight.
  public var weightShape: [Int]? { trained.weightShape }

  // MARK: In a layer

  /// The trained matrices.
  public var tensors: [(name: String, tensor: Tensor)] { trained.tensors }

  /// The difference of the products as one LoRA of twice the rank. In a half type its sum is rounded
  /// once.
  private func difference() throws -> LoRA {
    LoRA(
      down: try .cat([trained.down, first.down], dim: 0),
      up: try .cat([trained.up, -first.up], dim: 1), scale: trained.scale,
      strength: trained.strength)
  }

  /// The output with the trained product added and the first one subtracted.
  public func output(of call: LayerCall) throws -> Tensor { try difference().output(of: call) }

  /// Only the trained product is left out in part. The first one, which PEFT takes off the base model, is
  /// not.
  public func output(of call: LayerCall, dropping draws: AdapterDraws) throws -> Tensor {
    let removed = try first.scaled(by: -strength).output(of: call)
    return try trained.output(of: call.with(output: removed), dropping: draws)
  }

  /// Limits the trained product.
  public func limitNorm(to limit: Double) throws { try trained.limitNorm(to: limit) }

  /// The trained product without the first one.
  public func delta(of weight: Tensor) throws -> Tensor { try difference().delta(of: weight) }

  // MARK: Creation

  /// Decomposes the weight in float32 on its own device. The generator is not used.
  public static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind {
    try PiSSA(of: weight, settings: settings)
  }

  /// Throws `AdapterError.rankAbove` if a weight of this shape has fewer singular values.
  static func check(rank: Int, shape: [Int]) throws(AdapterError) {
    guard rank <= min(shape[0], shape.dropFirst().reduce(1, *)) else {
      throw .rankAbove(rank, shape: shape)
    }
  }

  /// The largest singular values and vectors of a weight, divided by the factor on the product.
  /// Throws `AdapterError.rank`, `.rankAbove`, `TorchError`.
  init(of weight: Tensor, settings: AdapterSettings) throws {
    try settings.checkRank()
    let (shape, rank, scale) = (weight.shape, settings.rank, settings.scale)
    let columns = shape.dropFirst().reduce(1, *)
    try Self.check(rank: rank, shape: shape)
    let sides = shape.dropFirst(2).map { _ in 1 }
    let first = try LoRA(
      down: .zeros([rank] + shape.dropFirst(), device: weight.device),
      up: .zeros([shape[0], rank] + sides, device: weight.device), scale: scale)
    if !settings.isRestored {
      let (u, s, vh) = try weight.detach().to(.float32).reshape([shape[0], columns]).svd()
      let root = try (s.narrow(dim: 0, start: 0, length: rank) / scale).sqrt()
      let down = try vh.narrow(dim: 0, start: 0, length: rank) * root.reshape([rank, 1])
      let up = try u.narrow(dim: 1, start: 0, length: rank) * root
      // A copy, because the order in memory is not that of the decomposition after a resume.
      try first.down.copy(from: down.reshape(first.down.shape))
      try first.up.copy(from: up.reshape(first.up.shape))
    }
    self.init(try first.mapTensors { try $0.clone() }, first: first)
  }

  /// That of a LoRA that begins as one.
  public static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory {
    LoRA.memory(of: shape, settings: settings)
  }

  // MARK: In files

  /// The difference as a LoRA of twice the rank.
  public func stored() throws -> any AdapterKind { try difference() }

  /// Splits a LoRA of twice the rank. Throws `AdapterError.shapes` for an odd one.
  public init(_ stored: StoredAdapter) throws {
    let both = try LoRA(stored)
    guard both.down.shape[0].isMultiple(of: 2) else {
      throw AdapterError.shapes([both.down.shape, both.up.shape])
    }
    try self.init(splitting: both)
  }

  private init(splitting both: LoRA) throws {
    let rank = both.down.shape[0] / 2
    func half(_ index: Int, sign: Double) throws -> LoRA {
      LoRA(
        down: try both.down.narrow(dim: 0, start: index * rank, length: rank),
        up: try both.up.narrow(dim: 1, start: index * rank, length: rank) * sign,
        scale: both.scale, strength: both.strength)
    }
    self.init(try half(0, sign: 1), first: try half(1, sign: -1))
  }

  /// Copies the first matrices, too: another device's decomposition may differ from the file's by
  /// rounding and in the signs of its vectors.
  public func restore(from file: any AdapterKind) throws -> Bool {
    guard let both = file as? LoRA, both.rank == rank.map({ 2 * $0 }),
      both.weightShape == weightShape
    else { return false }
    let read = try PiSSA(splitting: both)
    for (own, read) in [(trained, read.trained), (first, read.first)] {
      try own.down.copy(from: read.down)
      try own.up.copy(from: read.up)
    }
    return true
  }

  /// The same with changed trained matrices; the first ones stay.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> PiSSA {
    PiSSA(try trained.mapTensors(change), first: first)
  }

  /// The same with the factor multiplied into the up matrices.
  public func foldingAlpha() throws -> PiSSA {
    PiSSA(
      try trained.foldingAlpha(),
      first: try LoRA(
        down: first.down, up: first.up, scale: first.scale, strength: strength
      ).foldingAlpha())
  }

  /// The same on a device. Throws `AdapterError.otherWeight`, `TorchError`.
  public func fitted(to shape: [Int], on device: Device) throws -> PiSSA {
    PiSSA(
      try trained.fitted(to: shape, on: device), first: try first.fitted(to: shape, on: device))
  }
}
