import NN
import Torch

/// The tensors of a single-file checkpoint, made of a model's weights: the inverse of
/// ``SingleFileCheckpoint``.
///
/// Without `position_ids` and `logit_scale`, which published files also have: diffusers, sd-scripts
/// and ComfyUI load files without them.
struct SingleFileLayout {
  /// How a tensor stores its weights.
  enum Form {
    /// One below the other, if there are several.
    case rows
    /// Rows and columns exchanged.
    case transposed
    /// A linear layer as a 1 x 1 convolution.
    case convolution

    func tensor(of weights: [Tensor]) throws -> Tensor {
      let weight = weights.count == 1 ? weights[0] : try .cat(weights, dim: 0)
      switch self {
      case .rows: return weight
      case .transposed: return try weight.transpose(0, 1)
      case .convolution: return try weight.reshape(weight.shape + [1, 1])
      }
    }

    func shape(of shapes: [[Int]]) -> [Int] {
      let shape = [shapes.reduce(0) { $0 + $1[0] }] + shapes[0].dropFirst()
      return switch self {
      case .rows: shape
      case .transposed: shape.reversed()
      case .convolution: shape + [1, 1]
      }
    }
  }

  /// One tensor of the file.
  struct Entry {
    let name: String
    /// The paths of its weights in a part.
    var weights: [String]
    let form: Form
  }

  private let model: ModelDirectory

  init(_ model: ModelDirectory) { self.model = model }

  /// The empty tensors that mark how the model was trained, as in ComfyUI.
  var marks: [String] {
    guard model.scheduler.predictionType == .vPrediction else { return [] }
    let isZeroSNR = model.scheduler.rescaleBetasZeroSnr
    return [SingleFileCheckpoint.velocity]
      + (isZeroSNR ? [SingleFileCheckpoint.zeroTerminalSNR] : [])
  }

  /// The tensors that hold these weights of a part.
  func entries(_ weights: [String: [Int]], of part: ModelDirectory.Component) -> [Entry] {
    switch part {
    case .unet:
      let names = OriginalUNetNames(model.unet)
      return weights.keys.map {
        Entry(name: SingleFileCheckpoint.unet + names.name(of: $0), weights: [$0], form: .rows)
      }
    case .vae:
      let names = OriginalVAENames(levels: model.vae.blockOutChannels.count)
      return weights.map { path, shape in
        Entry(
          name: SingleFileCheckpoint.vae + names.original(path), weights: [path],
          form: path.contains(".attentions.") && shape.count == 2 ? .convolution : .rows)
      }
    case .textEncoder:
      return weights.keys.map {
        Entry(name: SingleFileCheckpoint.firstEncoder + $0, weights: [$0], form: .rows)
      }
    default: return openCLIP(weights.keys.sorted())
    }
  }

  private func openCLIP(_ paths: [String]) -> [Entry] {
    let prefix =
      model.role == .base ? SingleFileCheckpoint.secondEncoder : SingleFileCheckpoint.refinerEncoder
    let places = paths.map { (path: $0, original: OriginalTextNames.original($0)) }
    return Dictionary(grouping: places, by: \.original.name).map { name, parts in
      Entry(
        name: prefix + name,
        weights: parts.sorted { $0.original.place < $1.original.place }.map(\.path),
        form: parts[0].path == OriginalTextNames.projection ? .transposed : .rows)
    }
  }
}
