import Drawing
import Files
import Foundation
import Options
import RunLog
import StableDiffusion

/// One of the settings that an order is drawn with.
struct OrderVariant: Sendable {
  let request: DrawingRequest
  /// The checkpoints that draw.
  let checkpoints: [CheckpointReference]
}

extension PictureOrder {
  /// The requests of an order: one, or two that are compared. Their seed is never negative. Throws
  /// `StudioError`, `ConfigError`, `DrawingRequestError`, and errors of runs and checkpoints.
  ///
  /// - Parameters:
  ///   - needsPrompt: whether an order without a prompt is an error.
  ///   - note: receives a sentence for each checkpoint that is missing.
  func variants(
    in project: ProjectFolder, gallery: (any GalleryReading)?, needsPrompt: Bool = true,
    note: (String) -> Void
  ) throws -> [OrderVariant] {
    var layers = OptionLayers<DrawingOptions>()
    layers.add(options)
    var base = try DrawingRequest(layers)
    guard !needsPrompt || !(base.options.prompt ?? "").allSatisfy(\.isWhitespace) else {
      throw StudioError.noPrompt
    }
    let library = try RunLibrary(project)
    try project.checkModels(base.options)
    if let image = base.options.image {
      base.set(\.$image, to: try Self.file(ofPicture: image, in: project, gallery))
    }
    try project.checkEmbeddings(base.options)
    let sides = [run] + (against.map { [$0 == "base" ? nil : $0] } ?? [])
    // Both draw with one model, that of the first run.
    var model: String?
    return try sides.map { run in
      var request = base
      var checkpoints: [CheckpointReference] = []
      if let model, !request.gives(\.$model) { request.set(\.$model, to: model) }
      if let run, !run.isEmpty {
        let reference = try CheckpointReference(ordered: run)
        if let sentence = try library.add(reference, to: &request) { note(sentence) }
        checkpoints.append(reference)
      }
      for adapter in adapters {
        try add(adapter, to: &request, &checkpoints, library, note)
      }
      model = request.options.model
      try request.check()
      try project.checkSize(request.options)
      return OrderVariant(request: request, checkpoints: checkpoints)
    }
  }

  /// Adds a LoRA file or a checkpoint, with its strength after a colon.
  private func add(
    _ text: String, to request: inout DrawingRequest, _ checkpoints: inout [CheckpointReference],
    _ library: RunLibrary, _ note: (String) -> Void
  ) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    guard let strength = parts.count == 1 ? 1 : Double(parts[1]), strength.isFinite else {
      throw StudioError.otherType(
        DrawingOptions.schema.key(of: \.$loras), allowed: AdapterChoice.form)
    }
    if name.wholeMatch(of: /latest(@.*)?|[0-9]+(@.*)?/) != nil {
      let reference = try CheckpointReference(ordered: name)
      if let sentence = try library.add(reference, strength: strength, to: &request) {
        note(sentence)
      }
      checkpoints.append(reference)
      return
    }
    let folder = library.project.adapters
    guard library.project.adapterFiles.contains(name) else {
      throw StudioError.noAdapter(name, folder: folder.relativePath)
    }
    let choice = AdapterChoice(
      path: folder.appending(path: name).relativePath, strength: strength)
    request.set(\.$loras, to: request.options.loras + [choice])
  }

  private static func file(
    ofPicture text: String, in project: ProjectFolder, _ gallery: (any GalleryReading)?
  ) throws -> String {
    guard let id = Int64(text) else {
      throw StudioError.otherType(
        DrawingOptions.schema.key(of: \.$image), allowed: "the number of a picture of the gallery")
    }
    guard let picture = try gallery?.picture(id) else { throw StudioError.noPicture(id) }
    return project.url.appending(path: picture.path).relativePath
  }
}

extension ProjectFolder {
  /// The names of the LoRA files that the studio offers.
  package var adapterFiles: [String] {
    adapters.entryNames.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }.sorted()
  }

  /// The names of the embeddings that drawings of the studio may use.
  package var embeddingFiles: [String] {
    embeddings.entryNames.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }.sorted()
  }

  /// Throws `StudioError.noEmbedding` for an embedding that is not in the project's folder.
  func checkEmbeddings(_ options: DrawingOptions) throws(StudioError) {
    let known = embeddingFiles
    for name in options.embeddings.map(\.path)
    where !known.contains(name) && !known.contains("\(name).safetensors") {
      throw .noEmbedding(name, folder: embeddings.relativePath)
    }
  }

  /// Throws `ConfigError` for a width or height that the model cannot draw, and errors of its files.
  func checkSize(_ options: DrawingOptions) throws {
    guard options.width != nil || options.height != nil else { return }
    let models = BaseModels(self) { _ in }
    let scale = try models.open(options.model ?? models.standardName()).vae.scale
    let schema = DrawingOptions.schema
    for (key, side) in [
      (schema.key(of: \.$width), options.width), (schema.key(of: \.$height), options.height),
    ] {
      guard let side, !side.isMultiple(of: scale) else { continue }
      throw ConfigError.invalidValue(
        key: key, origin: .builtIn, found: "\(side)", allowed: "a multiple of \(scale)")
    }
  }

  /// Throws `StudioError.noModel` for a model that is neither installed nor that of a run.
  func checkModels(_ options: DrawingOptions) throws {
    let installed = BaseModels(self) { _ in }.all.map(\.name)
    let known = try installed + RunLibrary(self).runs().map(\.model)
    for name in [options.model, options.refiner, options.vae].compactMap({ $0 })
    where !known.contains(name) {
      throw StudioError.noModel(name, installed: installed)
    }
  }
}
