import DreamBooth
import Foundation
import NN
import StableDiffusion
import Torch

/// Draws pictures of one prompt after the other. Only one part of the model is in memory at a time,
/// but for the UNet, which stays.
final class Drawing {
  private let model: ModelDirectory
  private let device: Device
  private let dtype: DType
  private let size: (width: Int, height: Int)
  private let sampler: LatentSampler
  private var texts: [String: (prompt: PromptEmbedding, negative: PromptEmbedding)] = [:]

  /// Loads the UNet and gives it the adapters, after checking what can be checked without it. Throws
  /// `SchedulerError`, `DrawingError`, and errors of the files and the device.
  init(
    model: ModelDirectory, adapters: [AdapterChoice], device: DeviceChoice, precision: Precision?,
    steps: Int, size: (width: Int, height: Int)
  ) throws {
    self.model = model
    self.size = size
    let multiple = model.vae.scale
    guard [size.width, size.height].allSatisfy({ $0 > 0 && $0.isMultiple(of: multiple) }) else {
      throw DrawingError.size(width: size.width, height: size.height, multiple: multiple)
    }
    _ = try model.scheduler.scheduler(steps: steps)
    self.device = try device.resolve()
    dtype = (precision ?? .standard(on: self.device)).dtype
    let files = try adapters.map { try AdapterFile(contentsOf: URL(filePath: $0.path)) }
    let unet = try model.loadUNet(dtype: dtype, device: self.device)
    var layers: [String: [LoRA]] = [:]
    for (choice, file) in zip(adapters, files) {
      let adapters = try file.adapters(
        for: unet, strength: choice.strength, device: self.device, file: choice.path)
      layers.merge(adapters.mapValues { [$0] }) { $0 + $1 }
    }
    unet.setAdapters(try layers.mapValues(LoRA.sum))
    sampler = LatentSampler(unet: unet, scheduler: model.scheduler, scale: model.vae.scale)
  }

  /// Draws a picture. Throws `DrawingError`, `SchedulerError`, and errors of the files.
  func draw(_ parameters: PictureParameters) throws -> Picture {
    let text = try embeddings(parameters)
    let request = PictureRequest(
      prompt: text.prompt, negative: text.negative, width: size.width, height: size.height,
      steps: parameters.steps, guidance: parameters.guidance, seed: parameters.seed)
    let latents = try sampler.latents(for: request) { step in
      if Console.isTerminal { Console.redraw("Step \(step) of \(parameters.steps)") }
    }
    if Console.isTerminal { Console.redraw("") }
    let decoder = LatentDecoder(vae: try model.loadVAE(dtype: dtype, device: device))
    return try decoder.pictures(of: latents)[0]
  }

  private func embeddings(
    _ parameters: PictureParameters
  ) throws -> (prompt: PromptEmbedding, negative: PromptEmbedding) {
    let key = "\(parameters.prompt)\u{0}\(parameters.negative ?? "\u{0}")"
    if let known = texts[key] { return known }
    let encoder = try model.loadPromptEncoder(dtype: dtype, device: device)
    let text = (
      prompt: try encoder.encode([parameters.prompt]),
      negative: try encoder.encodeNegative(parameters.negative)
    )
    texts[key] = text
    return text
  }
}
