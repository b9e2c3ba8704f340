import Torch

/// The shares of adapters that a training pass leaves out at random.
package struct DropoutRates: Sendable, Equatable {
  /// Of the values inside an adapter.
  package var values: Double
  /// Of the ranks of a LoRA, or of the outputs of another kind.
  package var ranks: Double
  /// Of the adapters.
  package var modules: Double

  /// Shares from 0 to below 1.
  package init(values: Double = 0, ranks: Double = 0, modules: Double = 0) {
    self.values = values
    self.ranks = ranks
    self.modules = modules
  }
}

/// What ``AdapterDropout`` draws for an adapter.
package enum DropoutDraw: Sendable {
  /// The values that are kept.
  case values
  /// The ranks that are kept.
  case ranks
  /// Whether the adapter is left out.
  case module
}

/// The dropout of all adapters of a training.
///
/// What a pass leaves out is a pure function of the seeds, so a recomputation in the backward pass and a
/// resumed training leave out the same. A training pass may run the model several times, for class images of
/// another size or for texts. All of these have the same draws.
package final class AdapterDropout {
  /// The shares.
  package let rates: DropoutRates
  /// The seed of each draw of the present training pass, by the adapter's number. Nil outside of training
  /// passes, where nothing is left out.
  package var seeds: ((_ adapter: Int, _ draw: DropoutDraw) -> UInt64)?

  private var count = 0

  /// The dropout with these shares.
  package init(_ rates: DropoutRates) { self.rates = rates }

  /// Puts the adapters below a module under this dropout. They are numbered in the order of the calls.
  /// Call it before adapters are fused, which those with a dropout are not.
  package func apply(to module: any Module) {
    for (_, slot) in module.slots() {
      guard let adapter = slot.adapter as? any TrainableAdapterKind else { continue }
      slot.adapter = DroppedAdapter(adapter, number: count, dropout: self)
      count += 1
    }
  }

  /// The draws for an adapter; nil outside of training passes.
  fileprivate func draws(for number: Int) -> AdapterDraws? {
    seeds.map { seeds in AdapterDraws(rates: rates) { seeds(number, $0) } }
  }
}

/// An adapter in a layer, a part of which is left out in training passes.
private struct DroppedAdapter: Adapter {
  private var adapter: any TrainableAdapterKind
  private let number: Int
  private let dropout: AdapterDropout

  init(_ adapter: any TrainableAdapterKind, number: Int, dropout: AdapterDropout) {
    self.adapter = adapter
    self.number = number
    self.dropout = dropout
  }

  var tensors: [(name: String, tensor: Tensor)] { adapter.tensors }
  var leaves: [Tensor] { adapter.leaves }

  var strength: Double {
    get { adapter.strength }
    set { adapter.strength = newValue }
  }

  func output(of call: LayerCall) throws -> Tensor {
    guard let draws = dropout.draws(for: number) else { return try adapter.output(of: call) }
    return draws.dropsModule ? call.output : try adapter.output(of: call, dropping: draws)
  }

  func delta(of weight: Tensor) throws -> Tensor { try adapter.delta(of: weight) }
  func biasDelta() throws -> Tensor? { try adapter.biasDelta() }
}
