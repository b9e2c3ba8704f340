import StableDiffusion

extension Infotext {
  /// The text of an image in a sample grid, a comparison or a cache, which has no record: with names of
  /// model and adapters, and no hashes. Caches recognise their images by it, so it never changes.
  ///
  /// - Parameters:
  ///   - options: with a width and a height.
  ///   - sampler: what other programs call the sampler.
  ///   - adapters: their names, with scales where those are not 1.
  package init(_ options: DrawingOptions, sampler: String, model: String, adapters: [String]) {
    var fields = [
      Field("Steps", "\(options.steps)"), Field("Sampler", sampler),
      Field("CFG scale", "\(options.guidance)"), Field("Seed", "\(options.seed)"),
      Field("Size", "\(options.width ?? 0)x\(options.height ?? 0)"),
      Field("Model", model, isQuotable: false),
    ]
    if !adapters.isEmpty {
      fields.append(Field("LoRA", adapters.joined(separator: " "), isQuotable: false))
    }
    self.init(prompt: options.prompt ?? "", negative: options.negative, fields: fields)
  }
}
