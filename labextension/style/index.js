import './base.css';
import './job.css';
import './card.css';
import './compute.css';
import './review.css';
import './runs.css';
import './shelves.css';
import './status.css';
