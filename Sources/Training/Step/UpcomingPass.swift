/// The first forward pass of the next optimizer step, made before that step begins.
final class UpcomingPass {
  private var prepared: (step: Int, pass: Result<TrainingPass, any Error>)?

  /// Makes the first pass of a step. An error is thrown when the pass is taken.
  func prepare(_ step: Int, _ pass: (_ step: Int, _ micro: Int) throws -> TrainingPass) {
    prepared = (step, Result { try pass(step, 0) })
  }

  /// The prepared pass; nil if another one was prepared, or none. Throws the error of its making.
  func take(_ step: Int, _ micro: Int) throws -> TrainingPass? {
    defer { prepared = nil }
    guard let prepared, prepared.step == step, micro == 0 else { return nil }
    return try prepared.pass.get()
  }
}
