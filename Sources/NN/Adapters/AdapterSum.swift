public import Torch

/// Several adapters on one layer. Each changes the layer as it does alone, and the changes add up.
public struct AdapterSum: Adapter {
  private let members: [any Adapter]

  /// A factor on the strengths of all members.
  public var strength = 1.0

  /// One adapter with the effect of all: the adapter itself if there is one, nil if there is none.
  /// Throws `TorchError`.
  public static func of(_ adapters: [any Adapter]) throws -> (any Adapter)? {
    guard let first = adapters.first, adapters.count > 1 else { return adapters.first }
    return try first.combined(with: Array(adapters.dropFirst())) ?? AdapterSum(members: adapters)
  }

  /// The tensors of all members.
  public var tensors: [(name: String, tensor: Tensor)] { members.flatMap(\.tensors) }

  /// The layer's output and each member's change of it.
  public func output(of call: LayerCall) throws -> Tensor {
    try members.reduce(call.output) { output, member in
      try output + (member.scaled(by: strength).output(of: call) - call.output)
    }
  }

  /// The sum of the members' deltas.
  public func delta(of weight: Tensor) throws -> Tensor {
    let none = try Tensor.zeros(weight.shape, device: weight.device)
    return try members.reduce(none) { try $0 + $1.scaled(by: strength).delta(of: weight) }
  }

  /// The sum of the members' changes of the bias.
  public func biasDelta() throws -> Tensor? {
    try members.compactMap { try $0.scaled(by: strength).biasDelta() }.reduce(nil as Tensor?) {
      sum, delta in try sum.map { try $0 + delta } ?? delta
    }
  }
}
