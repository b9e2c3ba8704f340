import NN
import TestSupport
import Testing
import Torch

extension Golden {
  /// The adapter of a case, its own names of the tensors by those in the file, and the file's names.
  func adapter(
    _ prefix: String, shape: [Int]
  ) throws -> (adapter: any AdapterKind, names: [String: String]) {
    let start = "\(prefix).file."
    var endings = self.names.filter { $0.hasPrefix(start) }.map {
      String($0.dropFirst(start.count))
    }
    let hasAlpha = endings.contains("alpha")
    endings.removeAll { $0 == "alpha" }
    let alpha = hasAlpha ? try tensor("\(start)alpha").item() : nil
    let kind = try #require(
      AdapterKinds.all.first { Set(endings).isSubset(of: $0.fileNames.keys) }, "\(endings)")
    var tensors: [String: Tensor] = [:]
    var names: [String: String] = [:]
    for ending in endings {
      let own = try #require(kind.fileNames[ending])
      tensors[own] = try tensor(start + ending)
      names[own] = ending
    }
    let read = try kind.init(
      StoredAdapter(tensors: tensors, alpha: alpha) { (alpha ?? Double($0)) / Double($0) })
    return (try read.fitted(to: shape, on: .cpu), names)
  }
}

/// One layer, to which adapters can be attached.
final class Holder: Module {
  let layer: any UnaryLayer

  /// A layer of the golden, with its weights.
  init(_ kind: String, _ golden: Golden) throws {
    switch kind {
    case "linear": layer = Linear(24, 32)
    case "conv3": layer = Conv2d(16, 24, kernelSize: 3, stride: 2, padding: 1)
    default: layer = Conv2d(16, 24, kernelSize: 1)
    }
    let workshop = try Workshop()
    try load(
      from: WeightSource(
        file: workshop.safetensors([
          ("layer.weight", golden.tensor("\(kind).weight")),
          ("layer.bias", golden.tensor("\(kind).bias")),
        ])))
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try layer(x) }
}
