public import Torch

/// A kind of adapter that can be trained, and kept in files.
///
/// Everything about a kind is in the file of its type; ``AdapterKinds`` lists it. That a kind is
/// right is shown by a golden of the reference implementation.
public protocol AdapterKind: Adapter {
  /// What a file's names end in after a layer's name, with the name that `tensors` gives that
  /// tensor: `lora_down.weight` is kohya's name of `lora_A.weight`.
  static var fileNames: [String: String] { get }

  /// A new adapter for a layer with this weight, which changes nothing yet; its tensors are where the
  /// weight is. Throws `AdapterError`, `TorchError`.
  static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> Self

  /// An adapter as a file has it, on the CPU in the file's type and form. Throws `AdapterError`.
  init(_ stored: StoredAdapter) throws

  /// The same adapter in float32 on a device, in the form of a weight of this shape. Files also keep
  /// the adapter of a linear layer as that of a convolution of 1 x 1. Throws
  /// `AdapterError.otherWeight` for a weight that it was not made for, `TorchError`.
  func fitted(to shape: [Int], on device: Device) throws -> Self
}

/// All kinds of adapters.
public enum AdapterKinds {
  /// In the order in which a file's layers are tried: a kind comes before those that have all of its
  /// tensors and others, as DoRA has LoRA's.
  public static var all: [any AdapterKind.Type] { [LoRA.self] }
}

/// What new adapters are made with.
public struct AdapterSettings: Sendable {
  /// The inner size of the factors that a delta is a product of.
  public var rank: Int
  /// The delta is scaled by alpha / rank.
  public var alpha: Double

  /// Settings for all layers that adapters are attached to.
  public init(rank: Int, alpha: Double) {
    self.rank = rank
    self.alpha = alpha
  }
}

/// One layer's adapter as a file has it.
public struct StoredAdapter {
  /// The tensors, by the names of the kind's own `tensors`.
  public let tensors: [String: Tensor]

  private let scaleOfRank: (Int) -> Double

  /// - Parameter scale: the factor that the file gives an adapter of a rank.
  public init(tensors: [String: Tensor], scale: @escaping (_ rank: Int) -> Double) {
    self.tensors = tensors
    scaleOfRank = scale
  }

  /// The factor on an adapter of this rank: alpha / rank, or alpha / sqrt(rank) where the adapter is
  /// rank-stabilised.
  public func scale(rank: Int) -> Double { scaleOfRank(rank) }

  /// Tensors that must all be there. Throws `AdapterError.incomplete`.
  public func require(_ names: String...) throws(AdapterError) -> [Tensor] {
    let missing = names.filter { tensors[$0] == nil }
    guard missing.isEmpty else { throw .incomplete(missing: missing) }
    return names.compactMap { tensors[$0] }
  }
}
