import StableDiffusion
import Torch

/// What masks make of the loss: where a mask is white the error counts whole, where it is black by
/// `floor` (masked training as in kohya's sd-scripts and OneTrainer).
enum LossWeights {
  /// The weights of some pictures of one size, `[B, 1, h, w]`; nil where none has a mask.
  static func batch(_ pictures: [EncodedPicture], floor: Double) throws -> Tensor? {
    guard pictures.contains(where: { $0.mask != nil }) else { return nil }
    let weights = try pictures.map { picture in
      let size = Array(picture.posterior.mean.shape.suffix(2))
      return try picture.mask.map { try $0 * (1 - floor) + floor } ?? .ones([1, 1] + size)
    }
    return try .cat(weights, dim: 0)
  }
}
