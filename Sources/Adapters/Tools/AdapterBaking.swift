public import Foundation
import NN
public import StableDiffusion
public import Torch

/// Adds adapters to the weights of a model, and writes it as a model of its own.
public struct AdapterBaking {
  private let writer: ModelWriter

  /// Opens the model's weights. Throws `WeightsError`.
  ///
  /// - Parameters:
  ///   - adapters: the adapters at their strengths, on the CPU.
  ///   - dtype: the type of all weights in the new model; nil for each weight's own.
  public init(_ adapters: AdapterSet, into model: ModelDirectory, dtype: DType?) throws {
    writer = try ModelWriter(model, dtype: dtype) { part, path, weight in
      guard let ending = [".weight", ".bias"].first(where: path.hasSuffix),
        let members = adapters.layers[part]?[String(path.dropLast(ending.count))],
        let adapter = try AdapterSum.of(members.map { $0.scaled(by: adapters.strength) }),
        let delta = ending == ".bias" ? try adapter.biasDelta() : try adapter.delta(of: weight)
      else { return nil }
      let type = dtype ?? weight.dtype
      // The sum is rounded once, to the type that is written.
      let baked = try (weight.to(.float32) + delta).to(type)
      guard try baked.isFinite() else {
        throw AdapterToolError.notFinite(layer: "\(part.rawValue).\(path)", type: type.rawValue)
      }
      return baked
    }
  }

  /// Writes a folder in diffusers' layout. Throws as `ModelWriter.writeFolder` and
  /// `AdapterToolError.notFinite`.
  public func writeFolder(_ url: URL, progress: (Double) throws -> Void = { _ in }) throws {
    try writer.writeFolder(url, progress: progress)
  }

  /// Writes one file in the layout of SDXL's original implementation. Throws as
  /// `ModelWriter.writeFile` and `AdapterToolError.notFinite`.
  public func writeFile(
    _ url: URL, metadata: [String: String], progress: (Double) throws -> Void = { _ in }
  ) throws {
    try writer.writeFile(url, metadata: metadata, progress: progress)
  }
}
