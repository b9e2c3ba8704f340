import Foundation
public import Torch

/// AdamW with averages in 8 bits (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization";
/// bitsandbytes' AdamW8bit). Small tensors have averages in 32 bits.
public final class AdamW8bit: Optimizer {
  /// Tensors with fewer elements have averages in 32 bits.
  private static let smallest = 4096
  /// About how many elements are updated at once.
  private static let chunk = 1 << 20

  /// The trained tensors.
  public let groups: [ParameterGroup]

  private let settings: OptimizerSettings
  private let small: AdamW
  /// For each group, the large tensors.
  private let chunks: [[AdamW8bitChunk]]

  /// An optimizer with no steps done. Throws `TorchError`.
  public init(_ groups: [ParameterGroup], settings: OptimizerSettings) throws {
    self.groups = groups
    self.settings = settings
    small = try AdamW(
      groups.map { group in
        ParameterGroup(
          group.name, group.parameters.filter { $0.tensor.count < Self.smallest },
          learningRate: group.learningRate)
      }, settings: settings)
    chunks = try groups.map { group in
      var chunks: [[(name: String, tensor: Tensor)]] = []
      var count = Self.chunk
      for parameter in group.parameters where parameter.tensor.count >= Self.smallest {
        if count >= Self.chunk {
          chunks.append([])
          count = 0
        }
        chunks[chunks.count - 1].append(parameter)
        count += parameter.tensor.count
      }
      return try chunks.map(AdamW8bitChunk.init)
    }
  }

  /// One step; parameters without a gradient stay as they are.
  public func step(rates: [Double], foundInf: Tensor?) throws {
    if try foundInf?.item() != 1 {
      for (chunks, rate) in zip(chunks, rates) {
        for chunk in chunks { try chunk.step(rate: rate, settings: settings) }
      }
    }
    try small.step(rates: rates, foundInf: foundInf)
    for chunk in chunks.joined() { try chunk.dropGradients() }
  }

  /// For each large tensor the codes and scales of both averages, for each small one the averages.
  public func state() throws -> [(name: String, tensor: Tensor)] {
    try small.state() + chunks.joined().flatMap { try $0.state() }
  }

  /// Restores a state that `state()` has returned.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    try small.restore(read)
    for chunk in chunks.joined() { try chunk.restore(read) }
  }
}
