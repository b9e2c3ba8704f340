public import Torch

/// The difference of a layer's weight and bias to the base's, as it is (`FullModule` of LyCORIS). It
/// is read and drawn with, and not trained.
public struct FullDifference: AdapterKind {
  /// The kind in messages.
  public static let name = "full difference"

  /// In the weight's shape; nil if only the bias differs.
  private let weight: Tensor?
  /// `[out]`; nil if only the weight differs.
  private let bias: Tensor?

  /// A factor on both.
  public var strength: Double

  private init(weight: Tensor?, bias: Tensor?, strength: Double) {
    self.weight = weight
    self.bias = bias
    self.strength = strength
  }

  /// None.
  public var rank: Int? { nil }
  /// None.
  public var alpha: Double? { nil }
  /// The shape of the difference.
  public var weightShape: [Int]? { weight?.shape }

  // MARK: In a layer

  /// The differences that the file has.
  public var tensors: [(name: String, tensor: Tensor)] {
    [("diff", weight), ("diff_b", bias)].compactMap { name, tensor in tensor.map { (name, $0) } }
  }

  /// The output with both differences.
  public func output(of call: LayerCall) throws -> Tensor {
    let dtype = call.input.dtype
    var output = call.output
    if weight != nil {
      output = try output + call.operation(call.input, delta(of: call.weight).to(dtype))
    }
    guard let delta = try biasDelta() else { return output }
    return try output + call.alongOutput(delta).to(dtype)
  }

  /// The difference of the weight.
  public func delta(of weight: Tensor) throws -> Tensor {
    guard let own = self.weight else { return try .zeros(weight.shape, device: weight.device) }
    return try own * strength
  }

  /// The difference of the bias.
  public func biasDelta() throws -> Tensor? { try bias.map { try $0 * strength } }

  // MARK: In files

  /// LyCORIS' and ComfyUI's names.
  public static let fileNames = ["diff": "diff", "diff_b": "diff_b"]

  /// Reads one difference or both. Throws `AdapterError.otherKind` for those of a normalisation layer,
  /// `.incomplete`, `.shapes`.
  public init(_ stored: StoredAdapter) throws {
    let (weight, bias) = (stored.tensors["diff"], stored.tensors["diff_b"])
    guard weight != nil || bias != nil else { throw AdapterError.incomplete(missing: ["diff"]) }
    guard weight?.dimensions != 1 else {
      throw AdapterError.otherKind("difference of a normalisation layer")
    }
    guard bias?.dimensions ?? 1 == 1, [2, 4].contains(weight?.dimensions ?? 2) else {
      throw AdapterError.shapes([weight, bias].compactMap { $0?.shape })
    }
    self.init(weight: weight, bias: bias, strength: 1)
  }

  /// The same in float32 and in the layer's shape.
  public func fitted(to shape: [Int], on device: Device) throws -> FullDifference {
    try checkShape(shape)
    guard bias?.count ?? shape[0] == shape[0] else {
      throw AdapterError.otherWeight([bias?.count ?? 0] + shape.dropFirst())
    }
    return FullDifference(
      weight: try weight?.to(.float32).reshape(shape).to(device),
      bias: try bias?.to(.float32).to(device), strength: strength)
  }

  /// The same with the strength multiplied in.
  public func foldingAlpha() throws -> FullDifference {
    guard strength != 1 else { return self }
    return FullDifference(
      weight: try weight.map { try $0 * strength }, bias: try biasDelta(), strength: 1)
  }

  /// The same with the strength multiplied in.
  public func stored() throws -> any AdapterKind { try foldingAlpha() }

  /// The same strength with changed tensors.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> FullDifference {
    FullDifference(
      weight: try weight.map(change), bias: try bias.map(change), strength: strength)
  }
}
