import Foundation
import Torch

/// The sinusoid of a number (Ho et al. 2020, after Vaswani et al. 2017, section 3.5; diffusers
/// `Timesteps`): half cosines, half sines, of frequencies from 1 down to 1/10000.
///
/// It is always computed in float32: half precision cannot distinguish timesteps near 1000.
final class Timesteps {
  let numChannels: Int
  let flipSinToCos: Bool
  let downscaleFreqShift: Double
  /// The frequencies on the device of the last call.
  private var frequencies: Tensor?

  init(numChannels: Int, flipSinToCos: Bool, downscaleFreqShift: Double) {
    self.numChannels = numChannels
    self.flipSinToCos = flipSinToCos
    self.downscaleFreqShift = downscaleFreqShift
  }

  /// Numbers `[N]` of any type to `[N, numChannels]` in float32.
  func callAsFunction(_ timesteps: Tensor) throws -> Tensor {
    let angles = try timesteps.to(.float32).unsqueeze(1) * frequencies(on: timesteps.device)
    let waves = try flipSinToCos ? [angles.cos(), angles.sin()] : [angles.sin(), angles.cos()]
    let embedding = try Tensor.cat(waves, dim: 1)
    return try numChannels.isMultiple(of: 2) ? embedding : embedding.pad([0, 1])
  }

  /// The frequencies `[1, numChannels / 2]`. They are kept on the device, because a copy to a GPU would
  /// make each call wait.
  private func frequencies(on device: Device) throws -> Tensor {
    if let frequencies, frequencies.device == device { return frequencies }
    let half = numChannels / 2
    // Each operation is rounded to float32, as in diffusers: at timestep 999 the last bit of a
    // frequency changes the sinusoid by 6e-5.
    let exponents = (0..<half).map {
      Float(-log(10_000.0)) * Float($0) / Float(Double(half) - downscaleFreqShift)
    }
    let new = try Tensor(exponents, shape: [1, half]).exp().to(device)
    frequencies = new
    return new
  }
}
