public import Torch

/// A kind of adapter that is stored in files.
///
/// Everything about a kind is in the file of its type, and ``AdapterKinds`` lists it. Each kind is
/// tested against a golden of its reference implementation. Those that can be trained are
/// ``TrainableAdapterKind``; the others are read, drawn with and added to a model's weights.
public protocol AdapterKind: Adapter {
  /// The kind in messages: `LoRA`.
  static var name: String { get }

  /// The endings of tensor names in files, after the layer's name, each with the name in `tensors`:
  /// `lora_down.weight` is kohya's ending for `lora_A.weight`.
  static var fileNames: [String: String] { get }

  /// The endings that kohya's sd-scripts and LyCORIS write, by the names in `tensors`. A name that
  /// is not listed is the same there.
  static var kohyaNames: [String: String] { get }

  /// PEFT's name of the kind; nil if PEFT does not have it.
  static var peftType: PEFTType? { get }

  /// The inner size of the matrix product; nil for a kind without.
  var rank: Int? { get }

  /// The alpha that a file states beside the tensors; nil for a kind without.
  var alpha: Double? { get }

  /// The shape of the weight that the adapter was made for; nil if its tensors do not tell. A
  /// convolution may have its kernel in the second number: `[out, in * k * k]`.
  var weightShape: [Int]? { get }

  /// Whether the change of a weight depends on the weight.
  static var readsWeight: Bool { get }

  /// The same adapter with alpha equal to the rank, at strength 1: programs that read no alpha apply
  /// it as it is. Throws `TorchError`.
  func foldingAlpha() throws -> Self

  /// The same adapter with changed tensors: copies, or in another type. Throws what `change` throws.
  func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> Self

  /// The adapter as a file has it, with the strength in its tensors or its alpha. The tensors of the
  /// result are the adapter's own where nothing has to be changed. Throws `AdapterError.strength`,
  /// `TorchError`.
  func stored() throws -> any AdapterKind

  /// The tensors in the names and shapes of PEFT's layers, with alpha equal to the rank; nil if these do
  /// not have the adapter's form. Throws `TorchError`.
  func peftTensors() throws -> [(name: String, tensor: Tensor)]?

  /// Copies the values of an adapter that ``stored()`` has written. False, and nothing is copied, if
  /// it is of another kind or size. Throws `TorchError`.
  func restore(from file: any AdapterKind) throws -> Bool

  /// An adapter from a file, on the CPU, in the file's type and shapes. Throws `AdapterError`.
  init(_ stored: StoredAdapter) throws

  /// The same adapter in float32 on a device, shaped for a weight of this shape. A file may store
  /// the adapter of a linear layer as that of a 1 x 1 convolution. Throws
  /// `AdapterError.otherWeight` if the adapter was made for another shape, `TorchError`.
  func fitted(to shape: [Int], on device: Device) throws -> Self
}

/// A kind of adapter that can be trained.
public protocol TrainableAdapterKind: AdapterKind {
  /// A new adapter for a layer with this weight. It does not change the layer yet, and its tensors
  /// are on the weight's device. Throws `AdapterError`, `TorchError`.
  static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind

  /// The layer's output in a training pass that leaves out a part of the adapter. Throws `TorchError`.
  func output(of call: LayerCall, dropping draws: AdapterDraws) throws -> Tensor

  /// Scales the tensors in place if the Frobenius norm of the change of the weight is above a limit.
  /// Throws `TorchError`.
  func limitNorm(to limit: Double) throws

  /// What the adapter that these settings give a layer takes in a training.
  ///
  /// - Parameter shape: That of the layer's weight.
  static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory

  /// The values of which a dropout leaves out some.
  static var dropoutPlace: DropoutPlace { get }
}

extension TrainableAdapterKind {
  /// The change of the output.
  public static var dropoutPlace: DropoutPlace { .output }

  /// The output without the changes of some outputs, and without some values of the rest: the dropouts of
  /// LyCORIS' kinds. It is for kinds whose change depends only on the layer's input.
  public func output(of call: LayerCall, dropping draws: AdapterDraws) throws -> Tensor {
    var change = try self.change(of: call)
    if let kept = try draws.keptOutputs(call.weight.shape[0], on: change.device) {
      change = try change * call.alongOutput(kept).to(change.dtype)
    }
    return try call.output + draws.droppingValues(change)
  }
}

extension AdapterKind {
  /// The name of the type.
  public static var name: String { String(describing: Self.self) }

  /// Nil: the tensors do not tell.
  public var weightShape: [Int]? { nil }

  /// Nil: PEFT does not have the kind.
  public static var peftType: PEFTType? { nil }

  /// None: kohya's names are the same.
  public static var kohyaNames: [String: String] { [:] }

  /// False, as for every kind whose tensors alone give the change.
  public static var readsWeight: Bool { false }

  /// The adapter itself.
  public func stored() throws -> any AdapterKind { self }

  /// Nil: PEFT does not have the kind.
  public func peftTensors() throws -> [(name: String, tensor: Tensor)]? { nil }

  /// Copies each tensor if the file's adapter has the same ones.
  public func restore(from file: any AdapterKind) throws -> Bool {
    let (own, read) = (tensors, file.tensors)
    guard type(of: file) == Self.self, read.map(\.name) == own.map(\.name),
      read.map(\.tensor.shape) == own.map(\.tensor.shape)
    else { return false }
    for (own, read) in zip(own, read) { try own.tensor.copy(from: read.tensor) }
    return true
  }

  /// Checks that a file's tensors fit a weight of this shape, whose kernel may be flattened. Throws
  /// `AdapterError.otherWeight`.
  func checkShape(_ shape: [Int]) throws(AdapterError) {
    guard let own = weightShape else { return }
    let kernel = shape.count == 2 ? [1, 1] : Array(shape.dropFirst(2))
    let fits =
      own.count == 2
      ? own[1] == shape.dropFirst().reduce(1, *)
      : own[1] == shape[1] && Array(own.dropFirst(2)) == kernel
    guard own[0] == shape[0], fits else { throw .otherWeight(own) }
  }
}

/// All kinds of adapters.
public enum AdapterKinds {
  /// In the order in which a file's layers are matched. A kind comes before those that add tensors
  /// to its own, as DoRA does to LoRA's.
  public static var all: [any AdapterKind.Type] {
    [
      LoRA.self, TuckerLoRA.self, DoRA.self, WeightDecomposed<TuckerLoRA>.self, LoHa.self,
      WeightDecomposed<LoHa>.self, LoKr.self, WeightDecomposed<LoKr>.self, FullDifference.self,
      IA3.self, DiagonalOFT.self,
    ]
  }
}

/// PEFT's kinds of adapters: `peft_type` of its configurations.
public enum PEFTType: String, Sendable {
  /// LoRA, and DoRA with `use_dora`.
  case lora = "LORA"
  /// LoHa.
  case loha = "LOHA"
  /// LoKr.
  case lokr = "LOKR"
}

/// One layer's adapter as stored in a file.
public struct StoredAdapter {
  /// The tensors, by the names in the kind's `tensors`.
  public let tensors: [String: Tensor]
  /// The number `alpha` beside the tensors, if the file has one.
  public let alpha: Double?
  /// alpha / rank of PEFT's configuration, which also counts for an adapter without a rank.
  public let configuredScale: Double?

  private let scaleOfRank: (Int) -> Double

  /// - Parameters:
  ///   - alpha: the number beside the tensors.
  ///   - configuredScale: alpha / rank of PEFT's configuration.
  ///   - scale: gives the factor on an adapter of a rank.
  public init(
    tensors: [String: Tensor], alpha: Double? = nil, configuredScale: Double? = nil,
    scale: @escaping (_ rank: Int) -> Double
  ) {
    self.tensors = tensors
    self.alpha = alpha
    self.configuredScale = configuredScale
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
