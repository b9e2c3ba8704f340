public import Files
public import Torch

/// Changes trained tensors by their gradients.
public protocol Optimizer {
  /// The trained tensors.
  var groups: [ParameterGroup] { get }

  /// Takes one step with the accumulated gradients, then drops them.
  ///
  /// - Parameters:
  ///   - rates: the learning rate of each group, in the order of `groups`.
  ///   - foundInf: a float32 scalar on the device. If it is 1, the step changes nothing.
  /// - Throws: `TorchError`.
  func step(rates: [Double], foundInf: Tensor?) throws

  /// The learning rates that the next step uses, for reports: `rates`, or what an optimizer makes of them
  /// that finds its rate itself.
  func effectiveRates(_ rates: [Double]) -> [Double]

  /// The learning rate that the optimizer has found itself and uses in the next step, before its schedule:
  /// Prodigy's `d`. Nil for others.
  var foundRate: Double? { get }

  /// The tensors to save and to draw with, in the order of ``parameters``; nil if these are the trained
  /// tensors themselves. Throws `TorchError`.
  func averages() throws -> [Tensor]?

  /// The state that the next steps depend on, by name. Throws `TorchError`.
  func state() throws -> [(name: String, tensor: Tensor)]

  /// Restores the state of an optimizer with the same parameters and groups. `read` returns the tensor of a
  /// name and throws if there is none. Throws `OptimizerError`, `TorchError`.
  func restore(_ read: (_ name: String) throws -> Tensor) throws
}

extension Optimizer {
  /// The trained tensors of all groups.
  public var parameters: [Tensor] { groups.flatMap(\.parameters).map(\.tensor) }

  /// The rates themselves.
  public func effectiveRates(_ rates: [Double]) -> [Double] { rates }

  /// Nil: the rate is given.
  public var foundRate: Double? { nil }

  /// Nil: the trained tensors are what is saved.
  public func averages() throws -> [Tensor]? { nil }
}

/// Tensors that share a learning rate, such as those of the UNet or of a text encoder.
public struct ParameterGroup {
  /// The name in reports, such as `unet`.
  public let name: String
  /// Float32 tensors, each with a name for its state; no two groups share a name.
  public let parameters: [(name: String, tensor: Tensor)]
  /// The peak learning rate, before its schedule.
  public let learningRate: Double

  /// A group.
  public init(
    _ name: String, _ parameters: [(name: String, tensor: Tensor)], learningRate: Double
  ) {
    self.name = name
    self.parameters = parameters
    self.learningRate = learningRate
  }
}

/// A state that does not belong to an optimizer.
public enum OptimizerError: ReportableError, Equatable {
  /// The state has another number of groups.
  case otherGroups(found: Int, expected: Int)

  /// The kind of error.
  public var kind: ErrorKind { .badData }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .otherGroups(let found, let expected):
      "The optimizer's state has \(found) groups of learning rates, and the training has \(expected); keep "
        + "`layer_rates` and `lora_plus_ratio` as they were, or start a new run with `new`."
    }
  }
}
