import Torch

/// The settings of new adapters.
public struct AdapterSettings: Sendable {
  /// The inner size of the matrix products that give a delta.
  public var rank: Int
  /// The delta is multiplied by alpha / rank.
  public var alpha: Double
  /// Whether the delta is multiplied by alpha / sqrt(rank) instead (Kalajdzievski 2023, "A Rank
  /// Stabilization Scaling Factor for Fine-Tuning with LoRA").
  public var isRankStabilized = false
  /// The first values of LoRA's matrices; nil for the kind's own.
  public var initialization: LoRAInitialization?
  /// LoKr: the size of the smaller factor, `factor` of lycoris-lora; -1 for the one that is closest to
  /// the square root of the layer's size.
  public var factor = -1
  /// LoKr: whether the smaller factor is a product of two matrices, too; `decompose_both`.
  public var decomposesBoth = false
  /// Whether the values come from a checkpoint, so that none are computed that take long.
  package var isRestored = false

  /// Settings that all layers share.
  public init(rank: Int, alpha: Double) {
    self.rank = rank
    self.alpha = alpha
  }

  /// The factor on a delta. The alpha that a file states is a float32, and gives exactly this factor
  /// when it is divided by the rank.
  var scale: Double {
    guard isRankStabilized else { return alpha / Double(rank) }
    return Double(Float(alpha * Double(rank).squareRoot())) / Double(rank)
  }

  /// Throws `AdapterError.rank` for a rank below 1.
  func checkRank() throws(AdapterError) {
    guard rank > 0 else { throw .rank(rank) }
  }

  /// Throws `AdapterError.initialization` if the settings ask for one that only LoRA has.
  func requireOwnInitialization(of kind: any AdapterKind.Type) throws(AdapterError) {
    if let initialization { throw .initialization(initialization, kind: kind.name) }
  }
}

/// How the matrices of a new LoRA begin. Its change of the layer is zero in every case.
public enum LoRAInitialization: String, CaseIterable, Sendable {
  /// The down matrix is normal with deviation 1 / rank, the up matrix zero: PEFT's `gaussian`, which
  /// diffusers' scripts use.
  case gaussian
  /// The down matrix is uniform within 1 / sqrt(inputs), the up matrix zero: kohya's and LyCORIS'.
  case kaiming
  /// Both matrices are the weight's largest singular values and vectors; see ``PiSSA``.
  case pissa
}

/// The methods of training an adapter, by the names that a user gives.
public enum AdapterMethod: String, CaseIterable, Sendable {
  /// ``LoRA``; on convolutions it is LoCon.
  case lora
  /// LoRA that is scaled by alpha / sqrt(rank).
  case rslora
  /// ``DoRA``.
  case dora
  /// ``LoHa``.
  case loha
  /// ``LoKr``.
  case lokr

  /// The kind of adapter.
  public var kind: any TrainableAdapterKind.Type {
    switch self {
    case .lora, .rslora: LoRA.self
    case .dora: DoRA.self
    case .loha: LoHa.self
    case .lokr: LoKr.self
    }
  }

  /// Whether an adapter has an up matrix, which begins at zero.
  public var hasUpMatrix: Bool { ![.loha, .lokr].contains(self) }

  /// Checks settings before there are weights. Throws `AdapterError.factor`, `.rankAbove` for a weight of
  /// this shape.
  public func check(_ settings: AdapterSettings, for shape: [Int]) throws(AdapterError) {
    if self == .lokr { _ = try LoKrFactor.sizes(of: shape, factor: settings.factor) }
    if settings.initialization == .pissa { try PiSSA.check(rank: settings.rank, shape: shape) }
  }

  /// The settings with what the method means.
  public func settings(_ settings: AdapterSettings) -> AdapterSettings {
    var settings = settings
    settings.isRankStabilized = self == .rslora || settings.isRankStabilized
    return settings
  }
}

extension Generator {
  /// Values that are uniform between -`bound` and `bound`.
  ///
  /// The sum of the squares of two normal values is exponential, so half of its negative is the
  /// logarithm of a uniform value.
  func uniform(_ shape: [Int], bound: Double) throws(TorchError) -> Tensor {
    let squares = try normal(shape).square() + normal(shape).square()
    return try (squares * -0.5).exp() * (2 * bound) - bound
  }

  /// `torch.nn.init.kaiming_uniform_` with `a = sqrt(5)`, the first values of torch.nn.Linear:
  /// uniform within 1 / sqrt(inputs), where the inputs are all sides but the first.
  func kaimingUniform(_ shape: [Int]) throws(TorchError) -> Tensor {
    try uniform(shape, bound: 1 / Double(shape.dropFirst().reduce(1, *)).squareRoot())
  }
}
