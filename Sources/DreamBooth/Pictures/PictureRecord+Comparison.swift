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
