import Foundation

extension PictureRecord {
  /// The infotext for other programs, as A1111 writes it: adapters are tags in the prompt, and a field
  /// has their hashes.
  package func infotext(sampler: SamplerTitle) -> Infotext {
    typealias Field = Infotext.Field
    var fields = [Field("Steps", "\(steps)"), Field("Sampler", sampler.name)]
    if let type = sampler.scheduleType { fields.append(Field("Schedule type", type)) }
    fields += [
      Field("CFG scale", "\(guidance)"), Field("Seed", "\(seed)"),
      Field("Size", "\(width)x\(height)"), Field("Model hash", Self.short(model.sha256)),
      Field("Model", Self.title(model.path)),
    ]
    if let vae {
      fields += [
        Field("VAE hash", Self.short(vae.sha256)),
        Field("VAE", URL(filePath: vae.path).lastPathComponent),
      ]
    }
    if let image { fields.append(Field("Denoising strength", "\(image.strength)")) }
    if guidanceRescale != 0 { fields.append(Field("CFG Rescale", "\(guidanceRescale)")) }
    if !adapters.isEmpty {
      let hashes = adapters.map { "\(Self.tag($0.name)): \($0.tensorsSHA256.prefix(12))" }
      fields.append(Field("Lora hashes", hashes.joined(separator: ", ")))
    }
    if let embeddings {
      let hashes = embeddings.map { "\($0.name): \($0.sha256.prefix(12))" }
      fields.append(Field("TI hashes", hashes.joined(separator: ", ")))
    }
    if let refiner {
      let model = refiner.model
      fields.append(Field("Refiner", "\(Self.title(model.path)) [\(Self.short(model.sha256))]"))
      if let split = refiner.split { fields.append(Field("Refiner switch at", "\(split)")) }
      if let strength = refiner.strength { fields.append(Field("Refiner strength", "\(strength)")) }
      fields += [
        Field("Aesthetic score", "\(refiner.aestheticScore)"),
        Field("Negative aesthetic score", "\(refiner.negativeAestheticScore)"),
      ]
    }
    fields += [Field("RNG", "CPU"), Field("Version", "lora-train \(program)")]
    let tags = adapters.map { " <lora:\(Self.tag($0.name)):\($0.strength)>" }.joined()
    return Infotext(prompt: prompt + tags, negative: negative, fields: fields)
  }

  /// The 10 digits that A1111 shows of a model's hash.
  private static func short(_ hash: String) -> String { String(hash.prefix(10)) }

  /// A model's name: its folder's, or its file's without the extension.
  private static func title(_ path: String) -> String {
    let url = URL(filePath: path)
    let isFile = ["safetensors", "ckpt"].contains(url.pathExtension)
    return (isFile ? url.deletingPathExtension() : url).lastPathComponent
  }

  /// An adapter's name without the characters that separate the parts of a tag.
  private static func tag(_ name: String) -> String {
    let stem = name.hasSuffix(".safetensors") ? String(name.dropLast(12)) : name
    return String(stem.map { ":<>,".contains($0) ? "_" : $0 })
  }
}
