public import Foundation
import Images
public import StableDiffusion

/// How a picture was drawn, kept in its PNG file so that it can be drawn again.
public struct PictureParameters: Sendable {
  /// What was asked for.
  public var prompt: String
  /// What guidance led away from; nil when nothing was said.
  public var negative: String?
  /// Sampler steps.
  public var steps: Int
  /// The sampler: its class name, or the name that chose it.
  public var scheduler: String
  /// Guidance scale.
  public var guidance: Double
  /// Seed of the initial noise.
  public var seed: UInt64
  /// The base model.
  public var model: String
  /// Adapters, each with its strength.
  public var adapters: [String]

  /// The parameters of one picture.
  public init(
    prompt: String, negative: String?, steps: Int, scheduler: String, guidance: Double,
    seed: UInt64, model: String, adapters: [String]
  ) {
    self.prompt = prompt
    self.negative = negative
    self.steps = steps
    self.scheduler = scheduler
    self.guidance = guidance
    self.seed = seed
    self.model = model
    self.adapters = adapters
  }

  /// The text under the key `parameters`, as other programs of this kind write and read it.
  func text(width: Int, height: Int) -> String {
    var lines = [prompt]
    if let negative { lines.append("Negative prompt: \(negative)") }
    var fields = [
      "Steps: \(steps)", "Sampler: \(scheduler)", "CFG scale: \(guidance)", "Seed: \(seed)",
      "Size: \(width)x\(height)", "Model: \(model)",
    ]
    if !adapters.isEmpty { fields.append("LoRA: \(adapters.joined(separator: " "))") }
    lines.append(fields.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }
}

/// Writes pictures as PNG files.
public enum PictureFile {
  /// Writes one picture, whole or not at all, with its parameters. Throws `FileAccessError`.
  public static func write(
    _ picture: Picture, parameters: PictureParameters, to url: URL
  ) throws {
    let text = parameters.text(width: picture.width, height: picture.height)
    try write(picture.image, text: [("parameters", text)], to: url)
  }

  /// Writes one picture, whole or not at all, with all that it was drawn with, for this program and
  /// for others. Throws `FileAccessError`.
  ///
  /// - Parameter sampler: what others call the sampler.
  public static func write(
    _ picture: Picture, record: PictureRecord, sampler: SamplerTitle, to url: URL
  ) throws {
    let text = [
      (key: Infotext.key, value: record.infotext(sampler: sampler).text),
      (key: PictureRecord.key, value: try record.json()),
    ]
    try write(picture.image, text: text, to: url)
  }

  static func write(
    _ image: RGBImage, text: [(key: String, value: String)], to url: URL
  ) throws {
    try DurableFile.replace(url, with: PNGEncoder.encode(image, text: text))
  }
}

extension Picture {
  var image: RGBImage {
    get throws { try RGBImage(width: width, height: height, pixels: pixels) }
  }
}
