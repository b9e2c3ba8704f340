public import Torch

/// The product of two low-rank matrices, number by number: `delta = alpha / rank * (w1_a w1_b) *
/// (w2_a w2_b)` (Hyeon-Woo et al. 2022, "FedPara"; `LohaModule` of LyCORIS). The delta has up to the
/// square of the rank.
///
/// The delta is built from its two halves in every pass, and kept for the backward pass in the layer's
/// type. The halves, of 4 bytes for each weight of the layer, are built again there, as in LyCORIS.
public struct LoHa: TrainableAdapterKind {
  /// The kind in messages.
  public static let name = "LoHa"
  /// PEFT's name.
  public static let peftType: PEFTType? = .loha

  /// One of the two low-rank matrices.
  private struct Half {
    /// `[out, rank]`; `[rank, out]` with a core.
    let a: Tensor
    /// `[rank, in * k * k]`; `[rank, in]` with a core.
    let b: Tensor
    /// `[rank, rank, k, k]`, if a file has one.
    let core: Tensor?

    /// `[out, in * k * k]`.
    func product() throws -> Tensor {
      guard let core else { return try a.matmul(b) }
      return try core.tucker(a, b).reshape([a.shape[1], -1])
    }

    /// The shape of the product as a weight.
    var shape: [Int] {
      core.map { [a.shape[1], b.shape[1]] + $0.shape.dropFirst(2) } ?? [a.shape[0], b.shape[1]]
    }

    func map(_ change: (Tensor) throws -> Tensor) throws -> Half {
      Half(a: try change(a), b: try change(b), core: try core.map(change))
    }
  }

  private let first: Half
  private let second: Half
  private let scale: Double

  /// A second factor on the update, 1 in training.
  public var strength: Double

  private init(_ first: Half, _ second: Half, scale: Double, strength: Double = 1) {
    self.first = first
    self.second = second
    self.scale = scale
    self.strength = strength
  }

  /// The rank of each half.
  public var rank: Int? { first.b.shape[0] }
  /// The alpha, strength included.
  public var alpha: Double? { scale * strength * Double(first.b.shape[0]) }
  /// `[out, in * k * k]`, or `[out, in, k, k]` with a core.
  public var weightShape: [Int]? { first.shape }

  // MARK: In a layer

  /// The matrices, by LyCORIS' names.
  public var tensors: [(name: String, tensor: Tensor)] {
    [
      ("hada_w1_a", first.a), ("hada_w1_b", first.b), ("hada_w2_a", second.a),
      ("hada_w2_b", second.b),
    ]
      + [("hada_t1", first.core), ("hada_t2", second.core)].compactMap { name, core in
        core.map { (name, $0) }
      }
  }

  /// The output with the delta applied to the input.
  public func output(of call: LayerCall) throws -> Tensor {
    // The weight's memory may be gone in the backward pass, which needs its shape alone.
    let (shape, dtype) = (call.weight.shape, call.input.dtype)
    let isTrained = isGradEnabled && leaves.contains { $0.requiresGrad }
    let delta =
      isTrained
      ? try checkpoint([], trained: leaves) { _ in try self.delta(shape: shape).to(dtype) }
      : try self.delta(shape: shape).to(dtype)
    return try call.output + call.operation(call.input, delta)
  }

  /// The product of both halves, number by number.
  public func delta(of weight: Tensor) throws -> Tensor { try delta(shape: weight.shape) }

  /// Scales `w1_a`.
  public func limitNorm(to limit: Double) throws {
    let norm = try delta(shape: [-1]).square().sum().sqrt()
    try first.a.copy(from: first.a * NormLimit.factor(on: norm, limit: limit))
  }

  private func delta(shape: [Int]) throws -> Tensor {
    try (first.product() * second.product()).reshape(shape) * (scale * strength)
  }

  // MARK: Creation

  /// `w2_a` is zero, so that training starts at the base model. The others are normal, with deviation
  /// 0.1 in `w1_a` and 1 in `w1_b` and `w2_b`, as in LyCORIS. Throws `AdapterError.rank`,
  /// `.initialization`, `TorchError`.
  public static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind {
    try settings.checkRank()
    try settings.requireOwnInitialization(of: Self.self)
    let (shape, device, rank) = (weight.shape, weight.device, settings.rank)
    let columns = shape.dropFirst().reduce(1, *)
    let first = Half(
      a: try (generator.normal([shape[0], rank]) * 0.1).to(device),
      b: try generator.normal([rank, columns]).to(device), core: nil)
    let second = Half(
      a: try .zeros([shape[0], rank], device: device),
      b: try generator.normal([rank, columns]).to(device), core: nil)
    return LoHa(first, second, scale: settings.scale)
  }

  /// The delta is kept. The backward pass has the halves, their product and the gradients of all three.
  public static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory {
    let columns = shape.dropFirst().reduce(1, *)
    return AdapterMemory(
      trained: 2 * settings.rank * (shape[0] + columns), keptForEachRow: 0,
      kept: shape[0] * columns, work: 6 * shape[0] * columns)
  }

  // MARK: In files

  /// LyCORIS' names.
  public static let fileNames = Dictionary(
    uniqueKeysWithValues: [
      "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2", LoRA.scalarName,
    ].map { ($0, $0) })

  /// Reads both halves, which have a core each or none. Throws `AdapterError.incomplete`, `.shapes`.
  public init(_ stored: StoredAdapter) throws {
    let matrices = try stored.require("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
    let cores = [stored.tensors["hada_t1"], stored.tensors["hada_t2"]]
    if cores.contains(where: { $0 != nil }) { _ = try stored.require("hada_t1", "hada_t2") }
    guard matrices.allSatisfy({ $0.dimensions == 2 }),
      cores.allSatisfy({ $0?.dimensions ?? 4 == 4 })
    else {
      throw AdapterError.shapes((matrices + cores.compactMap { $0 }).map(\.shape))
    }
    let rank = matrices[1].shape[0]
    let halves = [
      Half(a: matrices[0], b: matrices[1], core: cores[0]),
      Half(a: matrices[2], b: matrices[3], core: cores[1]),
    ]
    let fit = halves.allSatisfy { half in
      half.b.shape[0] == rank && half.a.shape[half.core == nil ? 1 : 0] == rank
        && half.core.map { $0.shape.prefix(2) == [rank, rank] } ?? true
    }
    guard fit, halves[0].shape == halves[1].shape else {
      throw AdapterError.shapes((matrices + cores.compactMap { $0 }).map(\.shape))
    }
    self.init(halves[0], halves[1], scale: stored.scale(rank: rank))
  }

  /// The same in float32 on a device.
  public func fitted(to shape: [Int], on device: Device) throws -> LoHa {
    try checkShape(shape)
    return try mapTensors { try $0.to(.float32).to(device) }
  }

  /// The same with the factor multiplied into `w2_a`.
  public func foldingAlpha() throws -> LoHa {
    LoHa(
      first, Half(a: try second.a * (scale * strength), b: second.b, core: second.core), scale: 1)
  }

  /// LyCORIS' names, with alpha / rank in `w2_a`; nil with cores.
  public func peftTensors() throws -> [(name: String, tensor: Tensor)]? {
    first.core == nil ? try foldingAlpha().tensors : nil
  }

  /// The same factor with changed tensors.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> LoHa {
    LoHa(try first.map(change), try second.map(change), scale: scale, strength: strength)
  }
}
