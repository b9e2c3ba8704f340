import NN
import Torch

/// The prompt as the cross-attentions of a UNet read it.
struct PromptContext {
  /// The prompt's embedding, `[B, M, X]`.
  let hiddenStates: Tensor
  /// Keys and values that were computed for all attentions at once.
  private var keysAndValues: [ObjectIdentifier: [Tensor]] = [:]

  /// A context whose keys and values each attention computes.
  init(_ hiddenStates: Tensor) { self.hiddenStates = hiddenStates }

  /// The keys and values of an attention, or the embedding, from which it computes them. These are
  /// inputs of a block, so that gradient checkpointing does not compute them again.
  func inputs(of attention: Attention) -> [Tensor] {
    keysAndValues[ObjectIdentifier(attention)] ?? [hiddenStates]
  }

  /// The same values in memory of their own.
  func copied() throws -> PromptContext {
    var copy = PromptContext(try hiddenStates.clone())
    copy.keysAndValues = try keysAndValues.mapValues { try $0.map { try $0.clone() } }
    return copy
  }

  /// Overwrites the values with those of another context of the same UNet.
  func copy(from other: PromptContext) throws {
    let pairs =
      [(hiddenStates, other.hiddenStates)]
      + keysAndValues.flatMap { attention, tensors in
        zip(tensors, other.keysAndValues[attention] ?? [])
      }
    try Tensor.copyEach(to: pairs.map(\.0), from: pairs.map(\.1))
  }

  /// The keys and values of an attention from its `inputs(of:)`.
  static func keysAndValues(_ inputs: [Tensor], of attention: Attention) throws -> [Tensor] {
    inputs.count == 1 ? try attention.keysAndValues(of: inputs[0]) : inputs
  }
}

/// The layers of all cross-attentions of a UNet that project the prompt, which is their input.
struct PromptProjections {
  private let attentions: [Attention]
  /// A key and a value layer for each attention.
  let group: LinearGroup

  /// The projections of attentions with contexts of one width. Those of one size are neighbours.
  init(_ attentions: [Attention]) {
    let sizes = Set(attentions.map(\.toK.outFeatures)).sorted()
    self.attentions = sizes.flatMap { size in attentions.filter { $0.toK.outFeatures == size } }
    group = LinearGroup(self.attentions.flatMap { [$0.toK, $0.toV] })
  }

  /// Adds the keys and values of all attentions to a context.
  func add(to context: inout PromptContext) throws {
    let outputs = try group(context.hiddenStates)
    for (index, attention) in attentions.enumerated() {
      context.set([outputs[2 * index], outputs[2 * index + 1]], of: attention)
    }
  }
}

extension PromptContext {
  fileprivate mutating func set(_ inputs: [Tensor], of attention: Attention) {
    keysAndValues[ObjectIdentifier(attention)] = inputs
  }
}
