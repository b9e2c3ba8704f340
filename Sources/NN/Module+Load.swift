import Foundation
public import Torch

extension Module {
  /// Loads every parameter below this module from the tensor of its name. Strict both ways:
  /// missing, unexpected and misshapen tensors are collected and thrown together.
  ///
  /// - Parameters:
  ///   - dtype: the type of the loaded weights; nil for that of the file. Weights that stay on the
  ///     CPU in the file's type are not copied. Of all others the file's pages leave memory at once.
  ///   - excluded: parameters that keep what they have.
  /// - Throws: `WeightsError`, `TorchError`.
  public func load(
    from source: WeightSource, dtype: DType? = nil, device: Device = .cpu,
    except excluded: [Parameter] = []
  ) throws {
    let all = parameters()
    try check(source, for: all)
    let excluded = Set(excluded.map(ObjectIdentifier.init))
    let parameters = all.filter { !excluded.contains(ObjectIdentifier($0.parameter)) }
    try Tensor.transfer(
      parameters.count, to: device, dtype: dtype, next: { try source.tensor(parameters[$0].path) },
      take: { index, tensor, isCopy in
        let (path, parameter) = parameters[index]
        if isCopy || !source.isMapped(path) {
          parameter.bind(tensor)
          source.release(path)
        } else {
          parameter.bind(tensor, release: { source.release(path) })
        }
      })
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
