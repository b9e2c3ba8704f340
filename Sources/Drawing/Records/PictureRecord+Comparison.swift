extension PictureRecord {
  /// Whether both records describe the same picture. Paths, names, device, threads and versions may
  /// differ.
  package func describesSamePicture(as other: PictureRecord) -> Bool { content == other.content }

  /// The differences of device, threads, precision and versions, which may change the bytes of a
  /// picture. Each is a few words.
  package func machineDifferences(from now: PictureRecord) -> [String] {
    [
      ("libtorch", libtorch, now.libtorch), ("lora-train", program, now.program),
      ("CPU threads", "\(threads)", "\(now.threads)"), ("device", device, now.device),
      ("precision", precision, now.precision),
    ].filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1), now \($0.2)" }
  }

  /// Throws `PictureRecordError.differs` if a file that the picture was drawn with has changed.
  ///
  /// - Parameters:
  ///   - flags: options that replace recorded ones. Their files may have other content.
  ///   - file: the picture's file.
  package func checkContents(
    against now: PictureRecord, besides flags: DrawingRequest, file: String
  ) throws(PictureRecordError) {
    var differences: [String] = []
    func compare(_ kind: String, _ old: Source?, _ new: Source?) {
      guard let old, old.sha256 != new?.sha256 else { return }
      differences.append("\(kind) \(old.path) has changed")
    }
    if !flags.gives(\.$model) {
      compare("the model", model, now.model)
      if !flags.gives(\.$vae) { compare("the VAE", vae, now.vae) }
    }
    if !flags.gives(\.$refiner) { compare("the refiner", refiner?.model, now.refiner?.model) }
    if !flags.gives(\.$image) {
      compare("the start image", image?.picture, now.image?.picture)
    }
    if !flags.gives(\.$loras) {
      for (old, new) in zip(adapters, now.adapters) where old.sha256 != new.sha256 {
        differences.append("the adapter \(old.path) has changed")
      }
    }
    if !flags.gives(\.$embeddings) {
      for (old, new) in zip(embeddings ?? [], now.embeddings ?? []) where old.sha256 != new.sha256 {
        differences.append("the embedding \(old.path) has changed")
      }
    }
    guard differences.isEmpty else { throw .differs(file: file, differences: differences) }
  }

  /// The record without paths, names, device, threads and versions.
  private var content: PictureRecord {
    var content = self
    content.model.path = ""
    content.vae?.path = ""
    content.refiner?.model.path = ""
    content.image?.picture.path = ""
    for index in content.adapters.indices {
      content.adapters[index].path = ""
      content.adapters[index].name = ""
    }
    for index in (content.embeddings ?? []).indices { content.embeddings?[index].path = "" }
    content.vaeTiling = ""
    content.device = ""
    content.threads = 0
    content.libtorch = ""
    content.program = ""
    return content
  }
}
