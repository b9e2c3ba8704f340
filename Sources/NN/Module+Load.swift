import Foundation
public import Torch

extension Module {
  /// Loads every parameter below this module from the tensor of its name. Strict both ways:
  /// missing, unexpected and misshapen tensors are collected and thrown together.
  ///
  /// - Parameters:
  ///   - dtype: the type of the loaded weights; nil for that of the file. Weights that stay on the
  ///     CPU in the file's type are not copied.
  /// - Throws: `WeightsError`, `TorchError`.
  public func load(from source: WeightSource, dtype: DType? = nil, device: Device = .cpu) throws {
    let parameters = parameters()
    try check(source, for: parameters)
    for (path, parameter) in parameters {
      let tensor = try source.tensor(path).to(device)
      parameter.bind(try dtype.map { try tensor.to($0) } ?? tensor)
    }
  }

  /// Compares the names and shapes of a checkpoint with this module's, without reading any weights.
  /// Throws `WeightsError.mismatch`.
  public func check(_ source: WeightSource) throws { try check(source, for: parameters()) }

  private func check(
    _ source: WeightSource, for parameters: [(path: String, parameter: Parameter)]
  ) throws {
    var missing: [String] = []
    var misshapen: [String] = []
    for (path, parameter) in parameters {
      guard let shape = source.shape(of: path) else {
        missing.append(path)
        continue
      }
      if shape != parameter.shape {
        misshapen.append("\(path): \(shape) instead of \(parameter.shape)")
      }
    }
    let unexpected = source.names.subtracting(parameters.map(\.path)).sorted()
    guard missing.isEmpty, misshapen.isEmpty, unexpected.isEmpty else {
      throw WeightsError.mismatch(
        file: source.url.relativePath, missing: missing, unexpected: unexpected,
        misshapen: misshapen)
    }
  }
}
