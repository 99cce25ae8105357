/* Whether photos are like the training photos: the same steps as evaluation/drift.py. It keeps numbers, no photos. */

class DriftWatch {
  /* test: what DriftTest.to_page gives, or null. refusedShare: null if no photo is refused. */
  constructor(test, refusedShare) {
    Object.assign(this, { test, refusedShare, labels: new Map(), recent: [], noveltySum: 0, isDrifting: false });
    Object.assign(this, { nPhotos: 0, nRefused: 0, nMeasured: 0, nAlarms: 0, lastAlarm: null, lastEnd: null });
    this.evidence = test ? test.rises.map((row) => row.map(() => 0)) : [];
  }

  add(label, novelty) {
    this.nPhotos += 1;
    if (novelty !== null && this.refusedShare !== null && novelty <= this.refusedShare) this.nRefused += 1;
    else this.labels.set(label, (this.labels.get(label) || 0) + 1);
    if (novelty === null || !this.test) return;
    this.nMeasured += 1;
    this.noveltySum += novelty;
    this.recent = [...this.recent, novelty].slice(-this.test.nRecent);
    this.weigh(novelty);
  }

  weigh(novelty) {
    const { rises, falls, shares, alarm, ends, most } = this.test, added = 1 / rises.flat().length;
    this.evidence = this.evidence.map((row, j) => {
      const factors = novelty <= shares[j] ? rises[j] : falls[j];
      return row.map((value, i) => (value + added) * factors[i]);
    });
    const total = this.countEvidence();
    if (total > most) this.evidence = this.evidence.map((row) => row.map((value) => value * (most / total)));
    const isDrifting = total >= (this.isDrifting ? ends : alarm);
    if (isDrifting && !this.isDrifting) {
      this.nAlarms += 1;
      this.lastAlarm = this.nPhotos;
    } else if (this.isDrifting && !isDrifting) {
      this.lastEnd = this.nPhotos;
    }
    this.isDrifting = isDrifting;
  }

  countEvidence() {
    return this.evidence.flat().reduce((sum, value) => sum + value, 0);
  }

  countRecent(share) {
    return share === null ? 0 : this.recent.filter((novelty) => novelty <= share).length;
  }

  /* The state, for programs. */
  describe() {
    const { test, recent, nPhotos, nRefused, nMeasured } = this;
    return {
      n_photos: nPhotos, n_refused: nRefused, refused_share: nPhotos ? nRefused / nPhotos : null,
      expected_refused_share: this.refusedShare, mean_novelty: nMeasured ? this.noveltySum / nMeasured : null,
      labels: Object.fromEntries([...this.labels].sort(([one], [other]) => (one < other ? -1 : 1))),
      recent: {
        n_photos: recent.length, n_refused: this.countRecent(this.refusedShare),
        mean_novelty: recent.length ? recent.reduce((sum, novelty) => sum + novelty, 0) / recent.length : null,
      },
      is_drifting: test ? this.isDrifting : null, evidence: this.countEvidence(), alarm_at: test ? test.alarm : null,
      alarm_ends_at: test ? test.ends : null,
      n_alarms: this.nAlarms, last_alarm: this.lastAlarm, false_alarms: test ? test.falseAlarms : null,
      sentence: this.say(),
    };
  }

  /* Say the state in a sentence or two. */
  say() {
    const { test, recent, nPhotos } = this, n = recent.length, count = (number) => number.toLocaleString("en");
    if (!test) {
      const counted = `${count(nPhotos)} photo${nPhotos === 1 ? "" : "s"} so far.`;
      return `${counted} This classifier cannot tell whether they are like its training photos.`;
    }
    if (!n) return "No photos so far.";
    const sums = this.evidence.map((row) => row.reduce((sum, value) => sum + value, 0));
    const share = test.shares[this.isDrifting ? sums.indexOf(Math.max(...sums)) : test.first];
    const k = this.countRecent(share), expected = Math.floor(share * n + 0.5);
    const percent = Number((100 * (1 - share)).toPrecision(4));
    const [words, what] = share === this.refusedShare
      ? [["was", "were"], "refused"]
      : [["is", "are"], `stranger than ${percent}% of the classifier's own photos`];
    const all = `of ${nPhotos > n ? "the last " : ""}${count(n)} photos`;
    const usual = `${expected ? count(expected) : "fewer than 1"} ${expected > 1 ? "are" : "is"} expected`;
    const told = n === 1
      ? `The first photo ${words[0]}${k ? "" : " not"} ${what}`
      : `${k ? count(k) : "None"} ${all} ${words[Number(k > 1)]} ${what}; ${usual}`;
    const isMore = k > expected + 1, last = count(this.lastAlarm || 0);
    if (this.isDrifting) return `${told}. ${isMore ? test.advice : `The alarm of photo ${last} ends after more such photos.`}`;
    if (isMore && this.lastEnd !== null && nPhotos - this.lastEnd < n) {
      return `${told}. The alarm of photo ${last} has ended, because the newest photos are as expected.`;
    }
    const before = this.lastAlarm ? ` The last alarm began at photo ${last}.` : "";
    return `${told}. ${k > expected ? "This is not enough for an alarm." : test.noSign}${before}`;
  }
}
