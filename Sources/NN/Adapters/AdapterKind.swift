public import Torch

/// A kind of adapter that can be trained and stored in files.
///
/// Everything about a kind is in the file of its type, and ``AdapterKinds`` lists it. Each kind is
/// tested against a golden of its reference implementation.
public protocol AdapterKind: Adapter {
  /// The endings of tensor names in files, after the layer's name, each with the name in `tensors`:
  /// `lora_down.weight` is kohya's ending for `lora_A.weight`.
  static var fileNames: [String: String] { get }

  /// The endings that kohya's sd-scripts and LyCORIS write, by the names in `tensors`. A name that
  /// is not listed is the same there.
  static var kohyaNames: [String: String] { get }

  /// The inner size of the matrix product; nil for a kind without.
  var rank: Int? { get }

  /// The alpha that a file states beside the tensors; nil for a kind without.
  var alpha: Double? { get }

  /// The same adapter with alpha equal to the rank, at strength 1: programs that read no alpha apply
  /// it as it is. Throws `TorchError`.
  func foldingAlpha() throws -> Self

  /// The same adapter with changed tensors: copies, or in another type. Throws what `change` throws.
  func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> Self

  /// A new adapter for a layer with this weight. It does not change the layer yet, and its tensors
  /// are on the weight's device. Throws `AdapterError`, `TorchError`.
  static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> Self

  /// An adapter from a file, on the CPU, in the file's type and shapes. Throws `AdapterError`.
  init(_ stored: StoredAdapter) throws

  /// The same adapter in float32 on a device, shaped for a weight of this shape. A file may store
  /// the adapter of a linear layer as that of a 1 x 1 convolution. Throws
  /// `AdapterError.otherWeight` if the adapter was made for another shape, `TorchError`.
  func fitted(to shape: [Int], on device: Device) throws -> Self
}

extension AdapterKind {
  /// None: kohya's names are the same.
  public static var kohyaNames: [String: String] { [:] }
}

/// All kinds of adapters.
public enum AdapterKinds {
  /// In the order in which a file's layers are matched. A kind comes before those that add tensors
  /// to its own, as DoRA does to LoRA's.
  public static var all: [any AdapterKind.Type] { [LoRA.self] }
}

/// The settings of new adapters.
public struct AdapterSettings: Sendable {
  /// The inner size of the matrix product that gives a delta.
  public var rank: Int
  /// The delta is multiplied by alpha / rank.
  public var alpha: Double

  /// Settings that all layers share.
  public init(rank: Int, alpha: Double) {
    self.rank = rank
    self.alpha = alpha
  }
}

/// One layer's adapter as stored in a file.
public struct StoredAdapter {
  /// The tensors, by the names in the kind's `tensors`.
  public let tensors: [String: Tensor]

  private let scaleOfRank: (Int) -> Double

  /// - Parameter scale: gives the factor on an adapter of a rank.
  public init(tensors: [String: Tensor], scale: @escaping (_ rank: Int) -> Double) {
    self.tensors = tensors
    scaleOfRank = scale
  }

  /// The factor on an adapter of this rank: alpha / rank, or alpha / sqrt(rank) if the adapter is
  /// rank-stabilised.
  public func scale(rank: Int) -> Double { scaleOfRank(rank) }

  /// The tensors of these names, all of which must exist. Throws `AdapterError.incomplete`.
  public func require(_ names: String...) throws(AdapterError) -> [Tensor] {
    let missing = names.filter { tensors[$0] == nil }
    guard missing.isEmpty else { throw .incomplete(missing: missing) }
    return names.compactMap { tensors[$0] }
  }
}
