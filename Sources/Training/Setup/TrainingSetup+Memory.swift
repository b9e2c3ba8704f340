extension TrainingSetup {
  /// What the training is estimated to need, and what it may use, in one sentence.
  package var memorySummary: String {
    let rung = MemoryRung(config)
    let budget = MemorySize(bytes: memory.budget)
    guard let needed = memory.estimate(of: rung)?.peak else {
      return "Memory: at most \(budget), with \(rung.description)."
    }
    let size = MemorySize(bytes: needed)
    return needed <= memory.budget
      ? "Memory: about \(size) of \(budget), with \(rung.description)."
      : "Memory: about \(size), which is more than \(budget), with \(rung.description)."
  }
}
