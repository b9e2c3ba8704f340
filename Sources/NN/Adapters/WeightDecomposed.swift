public import Torch

/// A weight as a direction and a magnitude for each of its outputs: `W' = m * V / ||V||`, where
/// `V = W + delta` and another kind gives the delta (Liu et al. 2024, "DoRA: Weight-Decomposed
/// Low-Rank Adaptation"; PEFT's `DoraLinearLayer` and `DoraConv2dLayer`).
///
/// The gradient does not pass through the norm, as in section 4.3 of the paper. The norm is computed
/// in float32, layer after layer, from one layer's delta.
///
/// At a strength other than 1, the layer's weight is that far between W and W'.
public struct WeightDecomposed<Update: AdapterKind>: AdapterKind {
  /// The kind in messages: `DoRA` for LoRA's.
  public static var name: String {
    Update.self == LoRA.self ? "DoRA" : "\(Update.name) with DoRA's magnitudes"
  }
  /// LoRA's for DoRA; PEFT has no magnitudes with other kinds.
  public static var peftType: PEFTType? { Update.peftType == .lora ? .lora : nil }
  /// True: the norm is that of the changed weight.
  public static var readsWeight: Bool { true }

  /// The change of the direction.
  public let update: Update
  /// `[out, 1]`, or `[out, 1, 1, 1]` of a convolution. LyCORIS with `wd_on_output=False` has one
  /// number for each input instead: `[1, in]`, or `[1, in, 1, 1]`.
  public let magnitude: Tensor
  /// A factor on the whole change of the layer, 1 in training.
  public var strength = 1.0

  /// The rank of the update.
  public var rank: Int? { update.rank }
  /// The alpha of the update.
  public var alpha: Double? { update.alpha }
  /// The shape of the weight.
  public var weightShape: [Int]? { update.weightShape }

  private var isOnInput: Bool { magnitude.shape[0] == 1 && magnitude.count > 1 }

  // MARK: In a layer

  /// The tensors of the update, and the magnitudes.
  public var tensors: [(name: String, tensor: Tensor)] {
    update.tensors + [(Self.magnitudeName, magnitude)]
  }

  /// `V x + b + (m / n - 1) (V x)` with the norm n of V. The weight itself is not built, and of the layer's
  /// size only `V x` is kept for the backward pass.
  public func output(of call: LayerCall) throws -> Tensor {
    let dtype = call.input.dtype
    guard !isOnInput else {
      let delta = try delta(of: call.weight).to(dtype)
      return try call.output + call.operation(call.input, delta)
    }
    let changed = try update.output(of: call)
    let direction = try call.bias.map { try changed - call.alongOutput($0) } ?? changed
    return try scaled(changed, direction, of: call)
  }

  /// - Parameters:
  ///   - changed: `V x + b`.
  ///   - direction: `V x`.
  ///   - kept: 1 for each output that the update changes, else 0; nil for all.
  private func scaled(
    _ changed: Tensor, _ direction: Tensor, of call: LayerCall, changing kept: Tensor? = nil
  ) throws -> Tensor {
    let ratio = try call.alongOutput(ratio(to: call.weight, changing: kept))
    let all = try changed + (ratio - 1).to(call.input.dtype) * direction
    return strength == 1 ? all : try call.output + (all - call.output) * strength
  }

  /// `m V / ||V|| - W`.
  public func delta(of weight: Tensor) throws -> Tensor {
    let own = try weight.to(.float32)
    let changed = try own + update.delta(of: weight)
    return try (changed * ratio(to: weight) - own) * strength
  }

  /// Magnitude by norm, in the shape of the magnitude. A row of zeros stays one.
  private func ratio(to weight: Tensor, changing kept: Tensor? = nil) throws -> Tensor {
    let norm = try noGrad {
      var delta = try update.delta(of: weight)
      if let kept {
        delta = try delta * kept.reshape([-1] + weight.shape.dropFirst().map { _ in 1 })
      }
      let changed = try weight.detach().to(.float32) + delta
      return try Self.norm(of: changed, dim: isOnInput ? 1 : 0).clamp(min: 1e-30)
    }
    return try magnitude / norm
  }

  /// The 2-norm over all sides but one, which keep the size 1. The numbers are added in the same order
  /// whatever the weight's order in memory, so that a new magnitude equals the norm to the last bit.
  private static func norm(of weight: Tensor, dim: Int) throws -> Tensor {
    let rows = try dim == 0 ? weight : weight.transpose(0, dim)
    let norms = try rows.reshape([rows.shape[0], -1]).square().sum(dims: [1]).sqrt()
    return try norms.reshape((0..<weight.dimensions).map { $0 == dim ? norms.count : 1 })
  }

  // MARK: In files

  private static var magnitudeName: String { "lora_magnitude_vector" }
  private static var kohyaName: String { "dora_scale" }

  /// The names of the update, those of PEFT and diffusers, and kohya's and LyCORIS'.
  public static var fileNames: [String: String] {
    Update.fileNames.merging([
      magnitudeName: magnitudeName, "\(magnitudeName).weight": magnitudeName,
      "\(magnitudeName).default": magnitudeName,
      "\(magnitudeName).default.weight": magnitudeName, kohyaName: kohyaName,
    ]) { $1 }
  }

  /// kohya's names.
  public static var kohyaNames: [String: String] {
    Update.kohyaNames.merging([magnitudeName: kohyaName]) { $1 }
  }

  /// Reads the update and the magnitudes, whose sides tell whether they are those of the outputs.
  public init(_ stored: StoredAdapter) throws {
    let update = try Update(stored)
    if let vector = stored.tensors[Self.magnitudeName] {
      self.init(update: update, magnitude: try vector.reshape([vector.count, 1]))
    } else {
      let scale = try stored.require(Self.kohyaName)[0]
      let sides = scale.shape.filter { $0 > 1 }
      guard sides.count <= 1 else { throw AdapterError.shapes([scale.shape]) }
      let isOnInput = scale.dimensions > 1 && scale.shape[0] == 1 && scale.count > 1
      self.init(
        update: update,
        magnitude: try scale.reshape(isOnInput ? [1, scale.count] : [scale.count, 1]))
    }
  }

  private init(update: Update, magnitude: Tensor, strength: Double = 1) {
    self.update = update
    self.magnitude = magnitude
    self.strength = strength
  }

  /// Update and magnitudes in the shapes of a layer.
  public func fitted(to shape: [Int], on device: Device) throws -> Self {
    guard magnitude.count == shape[isOnInput ? 1 : 0] else {
      throw AdapterError.otherWeight([magnitude.shape[0], magnitude.shape[1]])
    }
    let sides = magnitude.shape.prefix(2) + shape.dropFirst(2).map { _ in 1 }
    return Self(
      update: try update.fitted(to: shape, on: device),
      magnitude: try magnitude.to(.float32).reshape(Array(sides)).to(device), strength: strength)
  }

  /// The same with the update's factor multiplied in. The strength stays.
  public func foldingAlpha() throws -> Self {
    Self(update: try update.foldingAlpha(), magnitude: magnitude, strength: strength)
  }

  /// The same factor with changed tensors.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> Self {
    Self(
      update: try update.mapTensors(change), magnitude: try change(magnitude), strength: strength)
  }

  /// The adapter itself. Throws `AdapterError.strength` at another one than 1, which no form has.
  public func stored() throws -> any AdapterKind {
    guard strength == 1 else { throw AdapterError.strength(strength, kind: Self.name) }
    return self
  }

  /// The magnitudes as `[out]`, or `[1, out, 1, 1]` of a convolution; nil if they are those of the
  /// inputs.
  public func peftTensors() throws -> [(name: String, tensor: Tensor)]? {
    guard !isOnInput, strength == 1, let tensors = try update.peftTensors() else { return nil }
    let shape = magnitude.dimensions == 4 ? [1, magnitude.count, 1, 1] : [magnitude.count]
    return tensors + [(Self.magnitudeName, try magnitude.reshape(shape))]
  }
}

/// LoRA with magnitudes.
public typealias DoRA = WeightDecomposed<LoRA>

extension WeightDecomposed: TrainableAdapterKind where Update == LoRA {
  /// A LoRA whose magnitudes are the norms of the weight, so that training starts at the base model.
  /// Throws `AdapterError.rank`, `.initialization`, `TorchError`.
  public static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind {
    if settings.initialization == .pissa { try settings.requireOwnInitialization(of: Self.self) }
    return Self(
      update: try LoRA(for: weight, settings: settings, generator: generator),
      magnitude: try norm(of: weight.detach().to(.float32), dim: 0))
  }

  /// Those of the LoRA, and the output without magnitudes. The norm takes the weight in float32, the
  /// changed one and its squares.
  public static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory {
    let update = LoRA.memory(of: shape, settings: settings)
    return AdapterMemory(
      trained: update.trained + shape[0], keptForEachRow: update.keptForEachRow + shape[0],
      work: 3 * shape.reduce(1, *))
  }

  /// The layer's input.
  public static var dropoutPlace: DropoutPlace { .input }

  /// Values are left out of the input, as in PEFT. Changes of outputs are left out, also of the norm, as in
  /// LyCORIS.
  public func output(of call: LayerCall, dropping draws: AdapterDraws) throws -> Tensor {
    let own = draws.dropsValues ? call.with(input: try draws.droppingValues(call.input)) : call
    var change = try update.change(of: own)
    let kept = try draws.keptOutputs(call.weight.shape[0], on: change.device)
    if let kept { change = try change * call.alongOutput(kept).to(change.dtype) }
    let plain =
      draws.dropsValues
      ? try call.operation(own.input, call.weight)
      : try call.bias.map { try call.output - call.alongOutput($0) } ?? call.output
    return try scaled(call.output + change, plain + change, of: call, changing: kept)
  }

  /// Limits the change of the direction. The magnitudes stay.
  public func limitNorm(to limit: Double) throws { try update.limitNorm(to: limit) }
}
