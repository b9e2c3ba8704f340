extension PictureRecord {
  /// Whether both ask for the same picture: but for where things lie and are called, and the machine
  /// and versions that drew it.
  public func asksForTheSame(as other: PictureRecord) -> Bool { asked == other.asked }

  /// What the machine decided, against what is here now, each in a few words: reasons why the bytes
  /// may be others.
  public func machineDifferences(from now: PictureRecord) -> [String] {
    [
      ("libtorch", libtorch, now.libtorch), ("lora-train", program, now.program),
      ("CPU threads", "\(threads)", "\(now.threads)"), ("device", device, now.device),
      ("precision", precision, now.precision),
    ].filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1), now \($0.2)" }
  }

  /// Throws `PictureRecordError` if a file that this image was drawn with has other content now.
  ///
  /// - Parameters:
  ///   - flags: what is given anew, whose content may be another.
  ///   - file: the image's file.
  package func checkContents(
    against now: PictureRecord, besides flags: DrawingRequest, file: String
  ) throws(PictureRecordError) {
    var differences: [String] = []
    func compare(_ kind: String, _ old: Source?, _ new: Source?) {
      guard let old, old.sha256 != new?.sha256 else { return }
      differences.append("\(kind) \(old.path) has other content")
    }
    if !flags.gives(\.$model) {
      compare("the model", model, now.model)
      if !flags.gives(\.$vae) { compare("the VAE", vae, now.vae) }
    }
    if !flags.gives(\.$refiner) { compare("the refiner", refiner?.model, now.refiner?.model) }
    if !flags.gives(\.$image) {
      compare("the picture to draw over,", image?.picture, now.image?.picture)
    }
    if !flags.gives(\.$loras) {
      for (old, new) in zip(adapters, now.adapters) where old.sha256 != new.sha256 {
        differences.append("the adapter \(old.path) has other content")
      }
    }
    guard differences.isEmpty else { throw .differs(file: file, differences: differences) }
  }

  private var asked: PictureRecord {
    var asked = self
    asked.model.path = ""
    asked.vae?.path = ""
    asked.refiner?.model.path = ""
    asked.image?.picture.path = ""
    for index in asked.adapters.indices {
      asked.adapters[index].path = ""
      asked.adapters[index].name = ""
    }
    asked.vaeTiling = ""
    asked.device = ""
    asked.threads = 0
    asked.libtorch = ""
    asked.program = ""
    return asked
  }
}
