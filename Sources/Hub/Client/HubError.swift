package import Files

/// The Hub cannot be reached, or answers in a way that cannot be used.
package enum HubError: ReportableError, Equatable {
  /// HF_HUB_OFFLINE forbids requests.
  case offline(wanted: String)
  /// No connection, or one that broke off in every try.
  case unreachable(host: String, reason: String, tries: Int)
  /// The server is overloaded or out of order.
  case overloaded(host: String, status: Int, tries: Int)
  /// The server refuses a request for a reason of its own.
  case refused(address: String, status: Int, message: String)
  /// An answer that is not what the interface promises.
  case malformed(address: String, problem: String)
  /// A redirect that is not followed.
  case redirect(address: String, problem: String)

  package var kind: ErrorKind {
    switch self {
    case .offline, .unreachable, .overloaded: .unavailable
    case .refused, .malformed, .redirect: .inputOutput
    }
  }

  package var description: String {
    switch self {
    case .offline(let wanted):
      "\(wanted) is not in the cache of Hugging Face, and HF_HUB_OFFLINE forbids to download it; unset "
        + "the variable."
    case .unreachable(let host, let reason, let tries):
      "The server \(host) cannot be reached (\(reason); tried \(times(tries))); check the network and the "
        + "proxy, then run the same command again."
    case .overloaded(let host, let status, let tries):
      "The server \(host) is overloaded or out of order (status \(status), tried \(times(tries))); run the "
        + "same command again later."
    case .refused(let address, let status, let message):
      "The request \(address) was refused with status \(status) (\(message)); check HF_ENDPOINT and the "
        + "access token."
    case .malformed(let address, let problem):
      "The answer of \(address) cannot be used (\(problem)); check HF_ENDPOINT, or try again later."
    case .redirect(let address, let problem):
      "The redirect of \(address) is not followed (\(problem)); check HF_ENDPOINT and the proxy."
    }
  }

  /// The same error with the number of tries.
  func after(tries: Int) -> HubError {
    switch self {
    case .unreachable(let host, let reason, _):
      .unreachable(host: host, reason: reason, tries: tries)
    case .overloaded(let host, let status, _): .overloaded(host: host, status: status, tries: tries)
    case .offline, .refused, .malformed, .redirect: self
    }
  }

  private func times(_ number: Int) -> String { number == 1 ? "once" : "\(number) times" }
}
