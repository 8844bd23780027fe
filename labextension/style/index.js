import './base.css';
import './job.css';
import './review.css';
