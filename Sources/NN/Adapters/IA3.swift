public import Torch

/// A factor on each input or output of a layer: `W' = W * (1 + weight)` (Liu et al. 2022, "Few-Shot
/// Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning"; `IA3Module` of
/// LyCORIS). It is read and drawn with, and not trained.
public struct IA3: AdapterKind {
  /// The kind in messages.
  public static let name = "IA3"
  /// True: the factors are on the weight.
  public static let readsWeight = true

  /// As the file has it: `[n]`, or `[1, n, 1, 1]` of a convolution.
  private let factors: Tensor
  /// 1 if the factors are those of the inputs, 0 for the outputs.
  private let onInput: Tensor
  private let isOnInput: Bool

  /// A factor on the change.
  public var strength: Double

  private init(_ factors: Tensor, onInput: Tensor, isOnInput: Bool, strength: Double) {
    self.factors = factors
    self.onInput = onInput
    self.isOnInput = isOnInput
    self.strength = strength
  }

  /// None.
  public var rank: Int? { nil }
  /// None.
  public var alpha: Double? { nil }
  /// Nil: the factors tell one side only.
  public var weightShape: [Int]? { nil }

  // MARK: In a layer

  /// The factors and the side that they are for.
  public var tensors: [(name: String, tensor: Tensor)] {
    [(Self.factorsName, factors), (Self.sideName, onInput)]
  }

  /// The weight times the factors.
  public func delta(of weight: Tensor) throws -> Tensor {
    let sides = (0..<weight.dimensions).map { $0 == (isOnInput ? 1 : 0) ? weight.shape[$0] : 1 }
    return try weight.to(.float32) * factors.reshape(sides) * strength
  }

  // MARK: In files

  private static let factorsName = "weight"
  private static let sideName = "on_input"

  /// LyCORIS' names.
  public static let fileNames = [factorsName: factorsName, sideName: sideName]

  /// Reads the factors and their side.
  public init(_ stored: StoredAdapter) throws {
    let tensors = try stored.require(Self.factorsName, Self.sideName)
    guard tensors[0].shape.filter({ $0 > 1 }).count <= 1, tensors[1].count == 1 else {
      throw AdapterError.shapes(tensors.map(\.shape))
    }
    self.init(
      tensors[0], onInput: tensors[1], isOnInput: try tensors[1].reshape([]).item() != 0,
      strength: 1)
  }

  /// The same in float32 on a device.
  public func fitted(to shape: [Int], on device: Device) throws -> IA3 {
    guard factors.count == shape[isOnInput ? 1 : 0] else {
      throw AdapterError.otherWeight(isOnInput ? [shape[0], factors.count] : [factors.count])
    }
    return IA3(
      try factors.to(.float32).to(device), onInput: onInput, isOnInput: isOnInput,
      strength: strength)
  }

  /// The same with the strength multiplied in.
  public func foldingAlpha() throws -> IA3 {
    IA3(
      strength == 1 ? factors : try factors * strength, onInput: onInput, isOnInput: isOnInput,
      strength: 1)
  }

  /// The same with the strength multiplied in.
  public func stored() throws -> any AdapterKind { try foldingAlpha() }

  /// The same strength with changed factors. The side stays an integer.
  public func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> IA3 {
    IA3(try change(factors), onInput: onInput, isOnInput: isOnInput, strength: strength)
  }
}
