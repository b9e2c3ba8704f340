import NN
import Torch

/// A picture between two steps. It can be looked at while it is drawn.
public struct UnfinishedPicture {
  let latent: UnfinishedLatent
  let model: LoadedModel

  /// The picture that the last prediction aims at, scaled down so that no side of its latent has more
  /// than `side` pixels. Decoding takes a small share of the time of a whole picture. Returns nil if
  /// the models are not kept in memory. Throws `TorchError` and errors of the model's files.
  public func picture(latentSide side: Int = 32) throws -> Picture? {
    guard model.keepsParts else { return nil }
    return try noGrad {
      let vae = try model.vae()
      let weight = try vae.decoder.convIn.weight.tensor
      let latent = try latent.clean().pooled(to: side).to(weight.dtype).to(weight.device)
      let decoded = try vae.decode(vae.unscaled(latent))
      return try decoded.isFinite() ? Picture.pictures(of: decoded).first : nil
    }
  }
}

/// A latent and the prediction for it.
struct UnfinishedLatent {
  /// The latent before the step, `[1, C, h, w]`.
  let sample: Tensor
  /// The prediction for it, after guidance.
  let prediction: Tensor
  /// The factors on the clean latent and on the noise in the latent.
  let scales: (signal: Float, noise: Float)
  let predictionType: PredictionType

  /// The clean latent that the prediction implies.
  func clean() throws(TorchError) -> Tensor {
    scales.signal == 1
      ? try predictionType.clean(from: prediction, sample: sample, sigma: scales.noise)
      : try predictionType.clean(
        from: prediction, sample: sample, alpha: scales.signal, sigma: scales.noise)
  }
}

extension Tensor {
  /// `[1, C, h, w]` with squares of pixels replaced by their means, so that neither side is longer.
  fileprivate func pooled(to side: Int) throws(TorchError) -> Tensor {
    let (height, width) = (shape[2], shape[3])
    let factor = (Swift.max(height, width) + side - 1) / side
    guard factor > 1 else { return self }
    let (rows, columns) = (height / factor, width / factor)
    return try narrow(dim: 2, start: 0, length: rows * factor)
      .narrow(dim: 3, start: 0, length: columns * factor)
      .reshape([shape[0], shape[1], rows, factor, columns, factor])
      .mean(dims: [3, 5])
  }
}
